//! What the fake organisation looks like and how strict its platform is.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Deserialize;

/// Every permission an app can hold; an [`App`] starts with all of them.
pub const SCOPES: [&str; 11] = [
    "qyapi_get_department_list",
    "qyapi_get_department_member",
    "qyapi_get_member",
    "qyapi_get_member_by_mobile",
    "qyapi_base",
    "fieldMobile",
    "fieldEmail",
    "Todo.Todo.Read",
    "Todo.Todo.Write",
    "Contact.User.Read",
    "Contact.User.mobile",
];

#[derive(Clone, Debug)]
pub struct Options {
    /// 0 = any free port.
    pub port: u16,
    pub apps: Vec<App>,
    pub people: Vec<Person>,
    pub departments: Vec<Department>,
    /// Calls of one app to one API within one second of the clock.
    pub qps: u32,
    /// From accepting a notification until it is in the inbox; half of it is spent waiting.
    pub delivery_delay_ms: i64,
    pub limits: Limits,
    /// When set, the clock stands at this instant and only `advance` moves it.
    pub clock_at: Option<DateTime<Utc>>,
}

/// An internal app of the organisation.
#[derive(Clone, Debug)]
pub struct App {
    pub app_key: String,
    pub app_secret: String,
    pub agent_id: i64,
    pub corp_id: String,
    /// See [`SCOPES`].
    pub scopes: BTreeSet<String>,
    /// Where people who sign in may come back to, compared letter by letter.
    pub redirect_uris: Vec<String>,
    /// The departments whose people the app may see, with everything below them.
    pub authed_depts: Vec<i64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Person {
    pub userid: String,
    /// Left empty it becomes `union-<userid>`.
    pub unionid: String,
    pub name: String,
    pub mobile: Option<String>,
    #[serde(alias = "dept_ids", alias = "dept_id_list")]
    pub dept_ids: Vec<i64>,
    pub email: Option<String>,
    pub org_email: Option<String>,
    pub title: Option<String>,
    pub job_number: Option<String>,
    pub avatar: Option<String>,
    pub manager_userid: Option<String>,
    pub hired_date: Option<i64>,
    /// Departments in which the person leads.
    pub leads: Vec<i64>,
    pub admin: bool,
    pub boss: bool,
    /// Invited but never signed in.
    pub inactive: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Department {
    pub dept_id: i64,
    pub name: String,
    /// Absent for the root, department 1.
    pub parent_id: Option<i64>,
    pub order: i64,
    pub managers: Vec<String>,
}

/// The numbers of the platform; where its pages contradict each other, the stricter one.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How often one person gets the same content from one app in a day.
    pub same_content_per_day: usize,
    pub messages_per_person_and_day: usize,
    pub receivers_per_minute: usize,
    pub sends_to_all_per_day: usize,
    pub users_per_send: usize,
    pub depts_per_send: usize,
    pub msg_bytes: usize,
    pub progress_hours: i64,
    pub todo_people_on_create: usize,
    pub todo_people_on_update: usize,
    pub todo_page: usize,
}

impl Options {
    /// The organisation of the demo and of most tests.
    pub fn demo() -> Options {
        let callback = "http://127.0.0.1:7020/aflow/api/oauth2/dingtalk/callback".to_owned();
        let app = App {
            redirect_uris: vec![callback],
            ..App::new("dingdemo", "demo-secret", 1_000_001, "dingcorpdemo")
        };
        let department = |dept_id, name: &str, parent_id, order, managers: &[&str]| Department {
            dept_id,
            name: name.to_owned(),
            parent_id,
            order,
            managers: managers.iter().map(|&userid| userid.to_owned()).collect(),
        };
        let person = |userid: &str, name: &str, mobile: Option<&str>, dept_ids: &[i64]| Person {
            mobile: mobile.map(str::to_owned),
            dept_ids: dept_ids.to_vec(),
            ..Person::new(userid, name)
        };
        Options {
            apps: vec![app],
            departments: vec![
                department(1, "演示企业", None, 0, &[]),
                department(100, "采购部", Some(1), 10, &["lisi"]),
                department(200, "财务部", Some(1), 20, &["wangwu"]),
                department(300, "生产部", Some(1), 30, &["zhaoliu"]),
                department(301, "生产一班", Some(300), 10, &[]),
            ],
            people: vec![
                Person {
                    manager_userid: Some("lisi".to_owned()),
                    email: Some("zhangsan@example.com".to_owned()),
                    title: Some("采购员".to_owned()),
                    job_number: Some("USER001".to_owned()),
                    ..person("zhangsan", "张三", Some("13800138000"), &[100])
                },
                Person {
                    leads: vec![100],
                    title: Some("采购经理".to_owned()),
                    job_number: Some("USER002".to_owned()),
                    ..person("lisi", "李四", Some("13800138001"), &[100])
                },
                Person {
                    leads: vec![200],
                    title: Some("财务经理".to_owned()),
                    job_number: Some("USER003".to_owned()),
                    ..person("wangwu", "王五", Some("13800138002"), &[200])
                },
                Person {
                    leads: vec![300],
                    ..person("zhaoliu", "赵六", Some("13800138003"), &[300, 301])
                },
                person("qianqi", "钱七", None, &[301]),
                Person { inactive: true, ..person("sunba", "孙八", Some("13800138005"), &[301]) },
                Person { boss: true, admin: true, ..person("zhoujiu", "周九", None, &[1]) },
            ],
            ..Options::default()
        }
    }
}

impl Default for Options {
    /// An organisation of nobody: the root department only.
    fn default() -> Self {
        let root = Department { dept_id: 1, name: "企业".to_owned(), ..Department::default() };
        Options {
            port: 0,
            apps: Vec::new(),
            people: Vec::new(),
            departments: vec![root],
            qps: 20,
            delivery_delay_ms: 100,
            limits: Limits::default(),
            clock_at: None,
        }
    }
}

impl App {
    /// An app with every permission that sees the whole organisation.
    pub fn new(app_key: &str, app_secret: &str, agent_id: i64, corp_id: &str) -> App {
        App {
            app_key: app_key.to_owned(),
            app_secret: app_secret.to_owned(),
            agent_id,
            corp_id: corp_id.to_owned(),
            ..App::default()
        }
    }

    /// The same app without one of its permissions.
    pub fn without(mut self, scope: &str) -> App {
        self.scopes.remove(scope);
        self
    }
}

impl Default for App {
    fn default() -> Self {
        App {
            app_key: String::new(),
            app_secret: String::new(),
            agent_id: 0,
            corp_id: String::new(),
            scopes: SCOPES.map(str::to_owned).into(),
            redirect_uris: Vec::new(),
            authed_depts: vec![1],
        }
    }
}

impl Person {
    /// A person in no department, with an unionid that cannot be mistaken for the userid.
    pub fn new(userid: &str, name: &str) -> Person {
        Person {
            userid: userid.to_owned(),
            unionid: format!("union-{userid}"),
            name: name.to_owned(),
            ..Person::default()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            same_content_per_day: 1,
            messages_per_person_and_day: 500,
            receivers_per_minute: 5000,
            sends_to_all_per_day: 3,
            users_per_send: 100,
            depts_per_send: 20,
            msg_bytes: 2048,
            progress_hours: 24,
            todo_people_on_create: 100,
            todo_people_on_update: 1000,
            todo_page: 20,
        }
    }
}
