//! Who works at the fake enterprise, and which client may ask about them.

use chrono::{DateTime, Utc};
use serde::Deserialize;

#[derive(Clone, Debug)]
pub struct Options {
    /// 0 = any free port.
    pub port: u16,
    pub client: Client,
    pub users: Vec<User>,
    /// How long a code is good.
    pub code_secs: i64,
    /// How long an access token is good.
    pub token_secs: i64,
    /// When set, the clock stands at this instant and only `advance` moves it.
    pub clock_at: Option<DateTime<Utc>>,
    /// The application as which aiflow signs what it tells.
    pub credential: Credential,
    /// Says on standard error what aiflow tells.
    pub tells: bool,
}

/// The three words of the document's `Credential`.
#[derive(Clone, Debug)]
pub struct Credential {
    pub enterprise_code: String,
    pub app_id: String,
    pub app_secret: String,
}

/// aiflow, as it is registered with the ERP.
#[derive(Clone, Debug)]
pub struct Client {
    pub id: String,
    pub secret: String,
    /// Compared letter by letter.
    pub redirect_uris: Vec<String>,
    /// Whether it may use codes at all; else `unauthorized_client`.
    pub may_use_codes: bool,
}

/// A person with an account.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct User {
    /// The ERP's user code.
    pub user_id: String,
    /// What the person types in, beside the user code, which is accepted as well.
    pub username: String,
    pub password: String,
    pub name: String,
    pub phone_number: Option<String>,
    pub email: Option<String>,
    pub dept_id: Option<String>,
    pub dept_name: Option<String>,
}

impl Options {
    /// The people of the documented examples; aiflow at its usual address.
    pub fn demo() -> Options {
        let user = |id: &str, username: &str, name: &str, phone: &str, dept: (&str, &str)| User {
            user_id: id.to_owned(),
            username: username.to_owned(),
            password: format!("{username}-password"),
            name: name.to_owned(),
            phone_number: Some(phone.to_owned()),
            email: Some(format!("{username}@example.com")),
            dept_id: Some(dept.0.to_owned()),
            dept_name: Some(dept.1.to_owned()),
        };
        let (tech, development) = (("DEPT001", "技术部"), ("DEPT002", "开发组"));
        Options {
            port: 0,
            client: Client {
                id: "aiflow".to_owned(),
                secret: "aiflow-client-secret".to_owned(),
                redirect_uris: vec!["http://127.0.0.1:7020/aflow/api/oauth2/callback".to_owned()],
                may_use_codes: true,
            },
            users: vec![
                user("USER001", "zhangsan", "张三", "13800138000", tech),
                user("USER002", "lisi", "李四", "13800138001", development),
                user("USER003", "wangwu", "王五", "13800138002", development),
            ],
            code_secs: 60,
            token_secs: 3600,
            clock_at: None,
            credential: Credential {
                enterprise_code: "COMPANY001".to_owned(),
                app_id: "APP001".to_owned(),
                app_secret: "your_app_secret".to_owned(),
            },
            tells: false,
        }
    }
}
