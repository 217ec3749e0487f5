//! One fake per test, its clock standing at ten in the morning in Beijing, and a client for it.

use fakes::dingtalk::{App, DingTalk, Options};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

pub(crate) const SEND: &str = "/topapi/message/corpconversation/asyncsend_v2";
pub(crate) const CREATE: &str = "/v1.0/todo/users/{unionId}/tasks";
const TOKEN_HEADER: &str = "x-acs-dingtalk-access-token";

pub(crate) struct Platform {
    pub(crate) fake: DingTalk,
    pub(crate) http: Client,
}

/// A good answer of the new API, or what it refused with.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

pub(crate) fn demo() -> Options {
    Options { clock_at: "2026-08-03T02:00:00Z".parse().ok(), ..Options::demo() }
}

/// The demo organisation with a second app, which belongs to another organisation.
pub(crate) fn two_apps() -> Options {
    let mut options = demo();
    options.apps.push(App::new("dingother", "other-secret", 2_000_002, "dingcorpother"));
    options
}

/// The demo organisation whose only app lacks a permission.
pub(crate) fn demo_without(scope: &str) -> Options {
    let mut options = demo();
    options.apps = options.apps.into_iter().map(|app| app.without(scope)).collect();
    options
}

impl Platform {
    pub(crate) async fn demo() -> Platform {
        Platform::start(demo()).await
    }

    pub(crate) async fn start(options: Options) -> Platform {
        drop(rustls::crypto::ring::default_provider().install_default());
        let fake = DingTalk::start(options).await.unwrap();
        Platform { fake, http: Client::builder().no_proxy().build().unwrap() }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.fake.base_url())
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.http.get(self.url(path)).send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        reply(self.http.post(self.url(path)).json(&body).send().await.unwrap()).await
    }

    pub(crate) async fn token(&self) -> String {
        self.token_of("dingdemo", "demo-secret").await
    }

    pub(crate) async fn token_of(&self, key: &str, secret: &str) -> String {
        let answer = self.get(&format!("/gettoken?appkey={key}&appsecret={secret}")).await;
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// An old API with the demo app's token in the query.
    pub(crate) async fn oapi(&self, path: &str, body: Value) -> Value {
        self.oapi_as(&self.token().await, path, body).await
    }

    pub(crate) async fn oapi_as(&self, token: &str, path: &str, body: Value) -> Value {
        let reply = self.post(&format!("{path}?access_token={token}"), body).await;
        assert_eq!(reply.status, 200, "the old API always answers 200");
        reply.body
    }

    /// A new API with the demo app's token in the header.
    pub(crate) async fn api(&self, method: Method, path: &str, body: Value) -> Reply {
        self.api_as(&self.token().await, method, path, body).await
    }

    pub(crate) async fn api_as(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Value,
    ) -> Reply {
        let request = self.http.request(method, self.url(path)).header(TOKEN_HEADER, token);
        reply(request.json(&body).send().await.unwrap()).await
    }

    /// Sends a notification from the demo app.
    pub(crate) async fn send(&self, userids: &str, msg: Value) -> Value {
        let body = json!({ "agent_id": 1_000_001, "userid_list": userids, "msg": msg });
        self.oapi(SEND, body).await
    }

    pub(crate) async fn sent(&self, userids: &str, msg: Value) -> i64 {
        self.send(userids, msg).await["task_id"].as_i64().unwrap()
    }

    pub(crate) async fn result(&self, task_id: i64) -> Value {
        let path = "/topapi/message/corpconversation/getsendresult";
        self.oapi(path, json!({ "agent_id": 1_000_001, "task_id": task_id })).await
    }

    /// Creates a to-do of 张三 from the demo app.
    pub(crate) async fn create(&self, todo: Value) -> Reply {
        self.api(Method::POST, "/v1.0/todo/users/union-zhangsan/tasks", todo).await
    }

    /// Any call on the to-do with this id, made by its owner 张三.
    pub(crate) async fn on_todo(&self, method: Method, tail: &str, body: Value) -> Reply {
        let path = format!("/v1.0/todo/users/union-zhangsan/tasks/{tail}");
        self.api(method, &path, body).await
    }

    pub(crate) fn deliver(&self) {
        self.fake.advance(1);
    }

    /// Who got how many notifications.
    pub(crate) fn received(&self, userid: &str) -> usize {
        self.fake.inbox().iter().filter(|message| message.userid == userid).count()
    }
}

impl Reply {
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn says(&self, status: u16, code: &str, message: &str) {
        let said = (self.status, self.code(), self.body["message"].as_str().unwrap_or_default());
        assert_eq!(said, (status, code, message));
        assert!(self.body["requestid"].is_string());
    }
}

pub(crate) async fn reply(response: Response) -> Reply {
    Reply { status: response.status().as_u16(), body: response.json().await.unwrap() }
}

pub(crate) fn text(content: &str) -> Value {
    json!({ "msgtype": "text", "text": { "content": content } })
}

/// A to-do for 李四 and 王五.
pub(crate) fn todo(source_id: &str) -> Value {
    json!({
        "sourceId": source_id,
        "subject": "采购申请待审批",
        "creatorId": "union-zhangsan",
        "executorIds": ["union-lisi", "union-wangwu"],
        "detailUrl": { "appUrl": "https://wf.example.com/m/9", "pcUrl": "https://wf.example.com/t/9" },
    })
}
