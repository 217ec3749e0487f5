//! Accepting a send: who is meant, who will get it, and who silently will not.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    super::{
        answer::{Refusal, Reply, old},
        args::Args,
        call::Call,
        options::App,
        state::State,
    },
    FIRST_TASK, Send, check_agent,
    msg::{self, Audience},
    quota::Sender,
};

pub(super) fn asyncsend(state: &mut State, app: &App, call: &Call) -> Reply {
    let args = Args::of(call)?;
    args.int("agent_id")?;
    let msg = args.object("msg")?;
    let to_all = args.flag("to_all_user")?;
    args.flag("enable_id_trans")?;
    check_agent(&args, app, 40056)?;
    let addressed = Addressed::read(&args, to_all)?;
    addressed.check_size(state)?;
    msg::check(&msg, state.options.limits.msg_bytes, &addressed.audience())?;
    let meant = addressed.resolve(state, app);
    let sender = Sender { app, clock: &state.clock, limits: &state.options.limits };
    if to_all && !state.sends.quotas.may_send_to_all(&sender) {
        return Err(old(41045, "全员消息超过每日次数限制"));
    }

    let mut receivers = Vec::new();
    let mut forbidden = Vec::new();
    let content = Value::Object(msg.clone());
    for userid in meant.userids {
        match state.sends.quotas.admit(&sender, &userid, &content) {
            Ok(()) => receivers.push(userid),
            Err(reason) => forbidden.push(reason.against(userid)),
        }
    }
    let task_id = state.sends.list.last().map_or(FIRST_TASK, |last| last.task_id + 1);
    state.sends.list.push(Send {
        task_id,
        msg,
        receivers,
        accepted_ms: state.clock.now_ms(),
        recalled: false,
        read_by: BTreeSet::new(),
        app_key: app.app_key.clone(),
        invalid_users: meant.unknown_users,
        invalid_depts: meant.unknown_depts,
        forbidden,
    });
    Ok(json!({ "task_id": task_id }))
}

/// The receivers as the caller named them.
struct Addressed {
    userids: Vec<String>,
    dept_ids: Vec<i64>,
    to_all: bool,
}

/// The receivers after a look into the directory, each one once.
struct Meant {
    userids: Vec<String>,
    unknown_users: Vec<String>,
    unknown_depts: Vec<i64>,
}

impl Addressed {
    fn read(args: &Args, to_all: bool) -> Result<Addressed, Refusal> {
        let userids = listed(args.find_text("userid_list")?);
        let mut dept_ids = Vec::new();
        for id in listed(args.find_text("dept_id_list")?) {
            dept_ids.push(id.parse().ok().ok_or_else(|| old(40009, "不合法的部门id"))?);
        }
        if userids.is_empty() && dept_ids.is_empty() && !to_all {
            return Err(old(40035, "缺少参数 userid_list、dept_id_list或to_all_user"));
        }
        Ok(Addressed { userids, dept_ids, to_all })
    }

    fn check_size(&self, state: &State) -> Result<(), Refusal> {
        if self.userids.len() > state.options.limits.users_per_send {
            return Err(old(40032, "不合法的UserID列表长度"));
        }
        if self.dept_ids.len() > state.options.limits.depts_per_send {
            return Err(old(40009, "不合法的部门id，列表过长"));
        }
        Ok(())
    }

    fn audience(&self) -> Audience {
        Audience { users: self.userids.len(), only_users: self.dept_ids.is_empty() && !self.to_all }
    }

    fn resolve(self, state: &State, app: &App) -> Meant {
        let directory = &state.directory;
        let shown = |userid: &String| {
            directory.person(userid).is_some_and(|person| directory.shows_person(app, person))
        };
        let (mut userids, unknown_users): (Vec<_>, Vec<_>) =
            self.userids.into_iter().partition(shown);
        let (dept_ids, unknown_depts): (Vec<_>, Vec<_>) =
            self.dept_ids.into_iter().partition(|&id| directory.shows_department(app, id));
        for dept_id in dept_ids {
            userids.extend(directory.members_below(dept_id).map(|person| person.userid.clone()));
        }
        if self.to_all {
            let seen = directory.people().iter().filter(|one| directory.shows_person(app, one));
            userids.extend(seen.map(|person| person.userid.clone()));
        }
        let mut met = BTreeSet::new();
        userids.retain(|userid| met.insert(userid.clone()));
        Meant { userids, unknown_users, unknown_depts }
    }
}

fn listed(text: Option<String>) -> Vec<String> {
    let text = text.unwrap_or_default();
    text.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect()
}
