//! DingTalk: one function for each API that tells people something or finds them.

use serde_json::{Value, json};
use shared::dingtalk::{Access, Client, Trouble};

use crate::domain::template::Todo;

/// An API with a budget of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    FindByMobile,
    ShowUser,
    Send,
    SendResult,
    CreateTodo,
    FindTodo,
    FinishTodo,
}

impl Api {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Api::FindByMobile => "user/getbymobile",
            Api::ShowUser => "user/get",
            Api::Send => "asyncsend_v2",
            Api::SendResult => "getsendresult",
            Api::CreateTodo => "todo/create",
            Api::FindTodo => "todo/query",
            Api::FinishTodo => "todo/update",
        }
    }
}

/// What became of one send, by DingTalk user.
#[derive(Debug, Default)]
pub(crate) struct SendResult {
    pub(crate) arrived: Vec<String>,
    pub(crate) failed: Vec<String>,
    pub(crate) invalid: Vec<String>,
    /// With the code of the silent rule.
    pub(crate) forbidden: Vec<(String, String)>,
}

/// One page of a person's to-dos.
#[derive(Debug)]
pub(crate) struct TodoPage {
    /// Source id and DingTalk's id of each.
    pub(crate) todos: Vec<(String, String)>,
    pub(crate) next: Option<String>,
}

/// What DingTalk says when a to-do of that source exists already.
pub(crate) const TODO_EXISTS: &str = "task exist";

/// What DingTalk says when a to-do is no longer there.
pub(crate) const TODO_MISSING: &str = "task not exist";

/// Calls DingTalk.
pub(crate) struct Dingtalk(pub(crate) Client);

impl Dingtalk {
    /// The user id behind a mobile.
    pub(crate) async fn find_by_mobile(
        &self,
        access: &Access,
        mobile: &str,
    ) -> Result<String, Trouble> {
        let answer = self
            .0
            .post_old(access, "/topapi/v2/user/getbymobile", &json!({"mobile": mobile}))
            .await?;
        text_at(&answer, "/result/userid")
    }

    /// The union id of a user.
    pub(crate) async fn show_user(&self, access: &Access, userid: &str) -> Result<String, Trouble> {
        let answer =
            self.0.post_old(access, "/topapi/v2/user/get", &json!({"userid": userid})).await?;
        text_at(&answer, "/result/unionid")
    }

    /// Sends one message to up to 100 users; gives the id under which its result can be asked for.
    pub(crate) async fn send(
        &self,
        access: &Access,
        userids: &[String],
        message: &Value,
    ) -> Result<String, Trouble> {
        let body = json!({
            "agent_id": access.agent_id,
            "userid_list": userids.join(","),
            "msg": message,
        });
        let path = "/topapi/message/corpconversation/asyncsend_v2";
        let answer = self.0.post_old(access, path, &body).await?;
        match answer.get("task_id") {
            Some(Value::Number(number)) => Ok(number.to_string()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) | None => Err(Trouble::Away("no task_id in the answer".to_owned())),
        }
    }

    /// What became of a send.
    pub(crate) async fn send_result(
        &self,
        access: &Access,
        send: &str,
    ) -> Result<SendResult, Trouble> {
        let task: Value = send.parse::<i64>().map_or_else(|_| json!(send), |number| json!(number));
        let body = json!({"agent_id": access.agent_id, "task_id": task});
        let path = "/topapi/message/corpconversation/getsendresult";
        let answer = self.0.post_old(access, path, &body).await?;
        let result = answer.get("send_result").cloned().unwrap_or_default();
        let list = |name: &str| -> Vec<String> {
            let items = result.get(name).and_then(Value::as_array);
            items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let forbidden = result.get("forbidden_list").and_then(Value::as_array);
        let reason = |item: &Value| {
            let userid = item.get("userid")?.as_str()?.to_owned();
            let code = item.get("code")?;
            let code = code.as_str().map_or_else(|| code.to_string(), str::to_owned);
            Some((userid, code))
        };
        Ok(SendResult {
            arrived: [list("read_user_id_list"), list("unread_user_id_list")].concat(),
            failed: list("failed_user_id_list"),
            invalid: list("invalid_user_id_list"),
            forbidden: forbidden.into_iter().flatten().filter_map(reason).collect(),
        })
    }

    /// Creates a to-do that only the person sees; gives its id.
    pub(crate) async fn create_todo(
        &self,
        access: &Access,
        unionid: &str,
        todo: &Todo,
    ) -> Result<String, Trouble> {
        let owner = encoded(unionid);
        let path = format!("/v1.0/todo/users/{owner}/tasks?operatorId={owner}");
        let mut body = json!({
            "sourceId": todo.source_id,
            "subject": todo.subject,
            "creatorId": unionid,
            "executorIds": [unionid],
            "detailUrl": {"appUrl": todo.h5_url, "pcUrl": todo.web_url},
            "isOnlyShowExecutor": true,
        });
        if let (Some(due), Some(body)) = (todo.due_at, body.as_object_mut()) {
            body.insert("dueTime".to_owned(), json!(due.timestamp_millis()));
        }
        let answer = self.0.call_new(access, reqwest::Method::POST, &path, &body).await?;
        text_at(&answer, "/id")
    }

    /// A page of the to-dos that a person has or had from us.
    pub(crate) async fn list_todos(
        &self,
        access: &Access,
        unionid: &str,
        page: Option<&str>,
    ) -> Result<TodoPage, Trouble> {
        let path = format!("/v1.0/todo/users/{}/org/tasks/query", encoded(unionid));
        let body = page.map_or_else(|| json!({}), |page| json!({"nextToken": page}));
        let answer = self.0.call_new(access, reqwest::Method::POST, &path, &body).await?;
        let cards = answer.get("todoCards").and_then(Value::as_array);
        let ids = |card: &Value| {
            let text = |name: &str| card.get(name).and_then(Value::as_str).map(str::to_owned);
            text("sourceId").zip(text("taskId"))
        };
        Ok(TodoPage {
            todos: cards.into_iter().flatten().filter_map(ids).collect(),
            next: answer.get("nextToken").and_then(Value::as_str).map(str::to_owned),
        })
    }

    /// Ticks a to-do off.
    pub(crate) async fn finish_todo(
        &self,
        access: &Access,
        unionid: &str,
        todo: &str,
    ) -> Result<(), Trouble> {
        let owner = encoded(unionid);
        let path = format!("/v1.0/todo/users/{owner}/tasks/{}?operatorId={owner}", encoded(todo));
        self.0.call_new(access, reqwest::Method::PUT, &path, &json!({"done": true})).await?;
        Ok(())
    }
}

fn text_at(answer: &Value, place: &str) -> Result<String, Trouble> {
    match answer.pointer(place).and_then(Value::as_str) {
        Some(text) => Ok(text.to_owned()),
        None => Err(Trouble::Away(format!("no {place} in the answer"))),
    }
}

fn encoded(part: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(part.as_bytes()).collect();
    encoded.replace('+', "%20")
}
