//! One enterprise in the house: people, a flow, and a DingTalk in this process behind a line of its
//! own.

use std::collections::BTreeMap;

use fakes::dingtalk::{App, DingTalk, Options, Person};
use serde_json::{Value, json};

use super::erp::{Erp, SYNC};
use super::house::{APP_SECRET, DINGTALK_SECRET, House, free_port};
use super::relay::Relay;

/// The application of every enterprise.
pub(crate) const APP: &str = "APP001";

/// The people of the enterprise, and what DingTalk calls them.
pub(crate) const PEOPLE: [(&str, &str); 3] =
    [("USER001", "u1"), ("USER002", "u2"), ("USER003", "u3")];

/// How often each (order, person) stands somewhere.
pub(crate) type Tally = BTreeMap<(i64, String), usize>;

/// An enterprise.
pub(crate) struct World {
    pub(crate) tenant: String,
    pub(crate) dingtalk: DingTalk,
    /// The line to DingTalk.
    pub(crate) line: Relay,
    pub(crate) erp: Erp,
}

impl World {
    /// An enterprise with an application and a DingTalk; nobody in it yet.
    pub(crate) async fn empty(house: &House) -> Self {
        let app = App::new("dingdemo", DINGTALK_SECRET, 1_000_001, "dingcorpdemo");
        let person = |userid: &str, mobile: &str| Person {
            mobile: Some(mobile.to_owned()),
            ..Person::new(userid, userid)
        };
        let people = vec![
            person("u1", "13800138000"),
            person("u2", "13800138001"),
            person("u3", "13800138002"),
        ];
        let options = Options { port: 0, apps: vec![app], people, ..Options::demo() };
        let dingtalk = DingTalk::start(options).await.unwrap();
        let line = Relay::start(free_port(), dingtalk.address()).await;
        let tenant = shared::testing::unique("T");
        let url = format!("http://{}", line.address);
        let enterprise = json!({"enterpriseCode": tenant, "name": "测试企业"});
        house.admin("/enterprise", enterprise).await;
        let application =
            json!({"enterpriseCode": tenant, "appId": APP, "name": APP, "appSecret": APP_SECRET});
        house.admin("/application", application).await;
        let access = json!({"enterpriseCode": tenant, "appKey": "dingdemo", "appSecret": DINGTALK_SECRET,
            "agentId": 1_000_001, "corpId": "dingcorpdemo", "oapiUrl": url, "apiUrl": url});
        house.admin("/dingtalk", access).await;
        let erp = Erp::new(house.address("gateway"), &tenant, APP_SECRET);
        Self { tenant, dingtalk, line, erp }
    }

    /// An enterprise that can work: departments, people, the documented flow online.
    pub(crate) async fn start(house: &House) -> Self {
        let world = Self::empty(house).await;
        world.erp.post("/aflow/api/sys/sync/department", &departments()).await.ok();
        world.erp.post("/aflow/api/sys/sync/user", &users()).await.ok();
        world.erp.post("/aflow/api/flow/create_third_party", &tests::sales_order()).await.ok();
        world.erp.post("/aflow/api/flow/online_third_party", &flow_code()).await.ok();
        // One order through the whole house, so that every cache and every queue has been used.
        world.erp.post(SYNC, &order(1, "USER001")).await.ok();
        super::until(std::time::Duration::from_secs(30), "the first message arrives", || async {
            if world.messages().len() == 1 { Ok(()) } else { Err("none yet".to_owned()) }
        })
        .await;
        world
    }

    /// Work notifications that people can see.
    pub(crate) fn messages(&self) -> Tally {
        let mut tally = Tally::new();
        for message in self.dingtalk.inbox() {
            *tally.entry((order_of(&message.url), message.userid)).or_default() += 1;
        }
        tally
    }

    /// To-dos on people's lists, done or not.
    pub(crate) fn todos(&self) -> Tally {
        let mut tally = Tally::new();
        for todo in self.dingtalk.todos() {
            *tally.entry((order_of(&todo.url), todo.userid)).or_default() += 1;
        }
        tally
    }
}

/// Every link carries the order's number.
fn order_of(url: &str) -> i64 {
    let digits = url.split_once("orderId=").map_or("", |(_, rest)| rest);
    digits.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap_or(-1)
}

/// What DingTalk calls a person.
pub(crate) fn ding_user(user: &str) -> String {
    PEOPLE.iter().find(|(code, _)| *code == user).unwrap().1.to_owned()
}

/// Whose turn it is.
pub(crate) fn assignee(number: i64) -> &'static str {
    PEOPLE[usize::try_from(number % 3).unwrap()].0
}

/// An order with one open task, and a copy for USER003.
pub(crate) fn order(number: i64, user: &str) -> Value {
    let mut order = tests::snapshot(number);
    order["tasks"] = json!([tests::open_task("TASK001", &[user])]);
    order
}

pub(crate) fn departments() -> Value {
    let department =
        |id: &str, parent: &str| json!({"deptId": id, "deptName": id, "parentId": parent});
    json!({"departments": [department("DEPT001", ""), department("DEPT002", "DEPT001")]})
}

pub(crate) fn users() -> Value {
    let user = |id: &str, mobile: &str| json!({"userId": id, "userName": id, "realName": id, "mobile": mobile, "deptId": "DEPT001"});
    json!({"users": [
        user("USER001", "13800138000"),
        user("USER002", "13800138001"),
        user("USER003", "13800138002"),
    ]})
}

pub(crate) fn flow_code() -> Value {
    json!({"flowCode": "SALES_ORDER"})
}
