//! Work notifications: accepted at once, delivered later, and what became of them.

mod msg;
mod quota;
mod send;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

pub(super) use self::msg::{Glance, glance};
use self::quota::{Forbidden, Quotas};
use super::{
    answer::{Refusal, Reply, old},
    args::Args,
    call::Call,
    options::App,
    routes::Api,
    state::State,
};
use crate::clock::HOUR_MS;

pub(super) const SEND: &str = "/topapi/message/corpconversation/asyncsend_v2";
const PROGRESS: &str = "/topapi/message/corpconversation/getsendprogress";
const RESULT: &str = "/topapi/message/corpconversation/getsendresult";
const RECALL: &str = "/topapi/message/corpconversation/recall";
const STATUS_BAR: &str = "/topapi/message/corpconversation/status_bar/update";
const SCOPE: &str = "qyapi_base";

pub(super) const APIS: &[Api] = &[
    Api::granted("POST", SEND, SCOPE, send::asyncsend),
    Api::granted("POST", PROGRESS, SCOPE, get_send_progress),
    Api::granted("POST", RESULT, SCOPE, get_send_result),
    Api::granted("POST", RECALL, SCOPE, recall),
    Api::granted("POST", STATUS_BAR, SCOPE, update_status_bar),
];

const FIRST_TASK: i64 = 256_271_667_526;
const RESULT_HOURS: i64 = 24;
const RECALL_HOURS: i64 = 24;
const STATUS_BAR_HOURS: i64 = 7 * 24;
const RESULT_RECEIVERS: usize = 100;
const STATUS_BAR_RECEIVERS: usize = 5;

#[derive(Default)]
pub(super) struct Sends {
    pub(super) list: Vec<Send>,
    quotas: Quotas,
}

/// One accepted send. Who will get it is decided when it is accepted.
pub(super) struct Send {
    pub(super) task_id: i64,
    pub(super) msg: Map<String, Value>,
    pub(super) receivers: Vec<String>,
    pub(super) accepted_ms: i64,
    pub(super) recalled: bool,
    pub(super) read_by: BTreeSet<String>,
    app_key: String,
    invalid_users: Vec<String>,
    invalid_depts: Vec<i64>,
    forbidden: Vec<Forbidden>,
}

/// How far a send has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Waiting,
    Running,
    Done,
}

impl Send {
    /// Half of the delay the send waits, the other half it is on its way.
    pub(super) fn phase(&self, now_ms: i64, delay_ms: i64) -> Phase {
        let elapsed = now_ms - self.accepted_ms;
        if elapsed >= delay_ms {
            Phase::Done
        } else if elapsed >= delay_ms / 2 {
            Phase::Running
        } else {
            Phase::Waiting
        }
    }

    /// People the send was meant for, blocked ones included.
    fn reach(&self) -> usize {
        self.receivers.len() + self.forbidden.len()
    }
}

impl State {
    pub(super) fn phase_of(&self, send: &Send) -> Phase {
        send.phase(self.clock.now_ms(), self.options.delivery_delay_ms)
    }
}

fn get_send_progress(state: &mut State, app: &App, call: &Call) -> Reply {
    let args = Args::of(call)?;
    let hours = state.options.limits.progress_hours;
    let (now, delay) = (state.clock.now_ms(), state.options.delivery_delay_ms);
    let send = asked(state, app, &args, Asked { task: "task_id", agent_code: 40035, hours })?;
    let (percent, status) = match send.phase(now, delay) {
        Phase::Waiting => (0, 0),
        Phase::Running => (50, 1),
        Phase::Done => (100, 2),
    };
    Ok(json!({ "progress": { "progress_in_percent": percent, "status": status } }))
}

/// The lists are empty until the send is done.
fn get_send_result(state: &mut State, app: &App, call: &Call) -> Reply {
    let args = Args::of(call)?;
    let (now, delay) = (state.clock.now_ms(), state.options.delivery_delay_ms);
    let wanted = Asked { task: "task_id", agent_code: 40035, hours: RESULT_HOURS };
    let send = asked(state, app, &args, wanted)?;
    if send.reach() > RESULT_RECEIVERS {
        return Err(old(41052, "接收者数量过多，无法获取发送结果，调用超时"));
    }
    let is_done = send.phase(now, delay) == Phase::Done;
    let (read, unread): (Vec<_>, Vec<_>) =
        send.receivers.iter().filter(|_| is_done).partition(|id| send.read_by.contains(*id));
    let forbidden: Vec<_> = send.forbidden.iter().filter(|_| is_done).collect();
    let invalid_users: Vec<_> = send.invalid_users.iter().filter(|_| is_done).collect();
    let invalid_depts: Vec<_> = send.invalid_depts.iter().filter(|_| is_done).collect();
    Ok(json!({ "send_result": {
        "invalid_user_id_list": invalid_users,
        "invalid_dept_id_list": invalid_depts,
        "failed_user_id_list": [],
        "read_user_id_list": read,
        "unread_user_id_list": unread,
        "forbidden_user_id_list": forbidden.iter().map(|one| &one.userid).collect::<Vec<_>>(),
        "forbidden_list": forbidden.iter().map(|one| one.to_json()).collect::<Vec<_>>(),
    }}))
}

fn recall(state: &mut State, app: &App, call: &Call) -> Reply {
    let args = Args::of(call)?;
    let wanted = Asked { task: "msg_task_id", agent_code: 400_002, hours: RECALL_HOURS };
    asked(state, app, &args, wanted)?.recalled = true;
    Ok(json!({}))
}

fn update_status_bar(state: &mut State, app: &App, call: &Call) -> Reply {
    let args = Args::of(call)?;
    let value = args.text("status_value")?;
    let background = args.find_text("status_bg")?;
    let (now, delay) = (state.clock.now_ms(), state.options.delivery_delay_ms);
    let wanted = Asked { task: "task_id", agent_code: 40056, hours: STATUS_BAR_HOURS };
    let send = asked(state, app, &args, wanted)?;
    if send.reach() > STATUS_BAR_RECEIVERS || send.phase(now, delay) != Phase::Done {
        return Err(old(41052, "接收者数量过多或者发送尚未完成"));
    }
    let Some(Value::Object(oa)) = send.msg.get_mut("oa") else {
        return Err(old(40035, "不合法的参数 task_id: 只支持oa消息"));
    };
    let mut bar = json!({ "status_value": value });
    if let (Some(bar), Some(background)) = (bar.as_object_mut(), background) {
        bar.insert("status_bg".to_owned(), json!(background));
    }
    oa.insert("status_bar".to_owned(), bar);
    Ok(json!({}))
}

/// How a follow-up call names its task, and what it says if agent or task are not its own.
struct Asked {
    task: &'static str,
    agent_code: i64,
    hours: i64,
}

fn asked<'a>(
    state: &'a mut State,
    app: &App,
    args: &Args,
    wanted: Asked,
) -> Result<&'a mut Send, Refusal> {
    let task_id = args.int(wanted.task)?;
    check_agent(args, app, wanted.agent_code)?;
    let now = state.clock.now_ms();
    let is_it = |send: &&mut Send| {
        let is_fresh = now - send.accepted_ms <= wanted.hours * HOUR_MS;
        send.task_id == task_id && send.app_key == app.app_key && is_fresh
    };
    // Only the status bar tells a foreign agent from a foreign task.
    let task_code = if wanted.agent_code == 400_002 { 400_002 } else { 40035 };
    let found = state.sends.list.iter_mut().find(is_it);
    found.ok_or_else(|| old(task_code, format!("不合法的参数 {}", wanted.task)))
}

fn check_agent(args: &Args, app: &App, code: i64) -> Result<(), Refusal> {
    if args.int("agent_id")? == app.agent_id {
        Ok(())
    } else {
        Err(old(code, "不合法的agentid"))
    }
}
