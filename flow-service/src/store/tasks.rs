//! Tasks as an order keeps them: plain forms of approvals, of which fields are only ever added.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::approval::{
    Approval, Decided, Delegation, Guest, Mode, Parts, Past, Pick, Seat, SeatKind, SeatState,
};
use crate::domain::run::{Done, Row, Task};

#[derive(Serialize, Deserialize)]
pub(super) struct TaskJson {
    run: u32,
    node: String,
    name: String,
    people: bool,
    /// Of older releases: who had it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    assignees: Vec<String>,
    /// Of older releases: there is somebody whom it still waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wanted: Option<serde_json::Value>,
    /// Microseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due: Option<i64>,
    #[serde(default, skip_serializing_if = "is_not")]
    resubmit: bool,
    #[serde(default, skip_serializing_if = "is_not")]
    troubled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    approval: Option<ApprovalJson>,
    #[serde(default)]
    rows: Vec<RowJson>,
    #[serde(default, skip_serializing_if = "is_zero")]
    timeouts: u32,
}

#[derive(Serialize, Deserialize)]
pub(super) struct DoneJson {
    wait: u64,
    task: TaskJson,
    #[serde(default, skip_serializing_if = "is_not")]
    void: bool,
}

#[derive(Serialize, Deserialize)]
struct RowJson {
    seat: u32,
    open: bool,
    people: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct ApprovalJson {
    /// `any`, `all`, `sequence`, or the percentage of a vote.
    mode: String,
    seats: Vec<SeatJson>,
}

#[derive(Serialize, Deserialize)]
struct SeatJson {
    no: u32,
    /// `main`, `before`, `after` or `beside`.
    kind: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    of: u32,
    state: String,
    picks: Vec<PickJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claimed_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    added_by: Option<String>,
    #[serde(default, skip_serializing_if = "is_flat")]
    depth: u8,
    #[serde(default, skip_serializing_if = "is_not")]
    removed: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    guests: Vec<(String, String, u8)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    delegations: Vec<(PickJson, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    past: Vec<PastJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decided: Option<DecidedJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    opened_at: Option<i64>,
}

#[derive(Clone, Serialize, Deserialize)]
struct PickJson {
    user: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    behalf: Option<String>,
    rule: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    chain: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct DecidedJson {
    user: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    behalf: Option<String>,
    passed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    at: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
enum PastJson {
    Transferred { from: String, to: String },
    Delegated { from: String, to: String },
    Returned { to: String, advice: DecidedJson },
    Substituted { from: String, to: String },
    Left { user: String, by: String },
    TakenBack { decided: DecidedJson },
}

fn is_not(it: &bool) -> bool {
    !it
}

fn is_zero(it: &u32) -> bool {
    *it == 0
}

fn is_flat(it: &u8) -> bool {
    *it == 0
}

fn micros(at: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at).unwrap_or_default()
}

impl From<&Task> for TaskJson {
    fn from(task: &Task) -> Self {
        TaskJson {
            run: task.run,
            node: task.node.clone(),
            name: task.name.clone(),
            people: task.is_for_people,
            assignees: Vec::new(),
            wanted: None,
            due: task.due.map(|due| due.timestamp_micros()),
            resubmit: task.is_resubmit,
            troubled: task.is_troubled,
            approval: task.approval.as_ref().map(ApprovalJson::from),
            rows: task
                .rows
                .iter()
                .map(|row| RowJson {
                    seat: row.seat,
                    open: row.is_open,
                    people: row.people.clone(),
                })
                .collect(),
            timeouts: task.timeouts,
        }
    }
}

impl From<TaskJson> for Task {
    fn from(json: TaskJson) -> Self {
        let older = !json.assignees.is_empty();
        let approval = json.approval.map(Approval::from).or_else(|| {
            let pick = |user: String| Pick { user, ..Pick::default() };
            let picks = json.assignees.iter().cloned().map(pick).collect();
            older.then(|| Approval::open(Mode::Any, picks, DateTime::UNIX_EPOCH))
        });
        let mut rows: Vec<Row> = json
            .rows
            .into_iter()
            .map(|row| Row { seat: row.seat, is_open: row.open, people: row.people })
            .collect();
        if rows.is_empty() {
            rows.push(Row { seat: u32::from(older), is_open: true, people: json.assignees });
        }
        Task {
            run: json.run,
            node: json.node,
            name: json.name,
            is_for_people: json.people,
            is_resubmit: json.resubmit,
            due: json.due.map(micros),
            is_troubled: json.troubled || json.wanted.is_some(),
            approval,
            rows,
            timeouts: json.timeouts,
        }
    }
}

impl From<&Done> for DoneJson {
    fn from(done: &Done) -> Self {
        DoneJson { wait: done.wait, task: (&done.task).into(), void: done.is_void }
    }
}

impl From<DoneJson> for Done {
    fn from(json: DoneJson) -> Self {
        Done { wait: json.wait, task: json.task.into(), is_void: json.void }
    }
}

impl From<&Approval> for ApprovalJson {
    fn from(approval: &Approval) -> Self {
        let Parts { mode, seats } = approval.parts();
        let mode = match mode {
            Mode::Any => "any".to_owned(),
            Mode::All => "all".to_owned(),
            Mode::Sequence => "sequence".to_owned(),
            Mode::Vote { percent } => percent.to_string(),
        };
        ApprovalJson { mode, seats: seats.into_iter().map(SeatJson::from).collect() }
    }
}

impl From<ApprovalJson> for Approval {
    fn from(json: ApprovalJson) -> Self {
        let mode = match json.mode.as_str() {
            "any" => Mode::Any,
            "all" => Mode::All,
            "sequence" => Mode::Sequence,
            percent => Mode::Vote { percent: percent.parse().unwrap_or(100) },
        };
        let seats = json.seats.into_iter().map(Seat::from).collect();
        Approval::restore(Parts { mode, seats })
    }
}

impl From<Seat> for SeatJson {
    fn from(seat: Seat) -> Self {
        let (kind, of) = match seat.kind {
            SeatKind::Main => ("main", 0),
            SeatKind::Before { of } => ("before", of),
            SeatKind::After { of } => ("after", of),
            SeatKind::Beside { of } => ("beside", of),
        };
        let state = match seat.state {
            SeatState::Waiting => "waiting",
            SeatState::Open => "open",
            SeatState::Passed => "passed",
            SeatState::Rejected => "rejected",
            SeatState::Gone => "gone",
        };
        let guests = seat.guests.into_iter().map(|guest| (guest.user, guest.by, guest.depth));
        let delegations = seat.delegations.into_iter().map(|it| (it.from.into(), it.to));
        SeatJson {
            no: seat.no,
            kind: kind.to_owned(),
            of,
            state: state.to_owned(),
            picks: seat.picks.into_iter().map(PickJson::from).collect(),
            claimed_by: seat.claimed_by,
            added_by: seat.added_by,
            depth: seat.depth,
            removed: seat.is_removed,
            guests: guests.collect(),
            delegations: delegations.collect(),
            past: seat.past.into_iter().map(PastJson::from).collect(),
            decided: seat.decided.map(DecidedJson::from),
            opened_at: seat.opened_at.map(|at| at.timestamp_micros()),
        }
    }
}

impl From<SeatJson> for Seat {
    fn from(json: SeatJson) -> Self {
        let kind = match json.kind.as_str() {
            "before" => SeatKind::Before { of: json.of },
            "after" => SeatKind::After { of: json.of },
            "beside" => SeatKind::Beside { of: json.of },
            _ => SeatKind::Main,
        };
        let state = match json.state.as_str() {
            "open" => SeatState::Open,
            "passed" => SeatState::Passed,
            "rejected" => SeatState::Rejected,
            "gone" => SeatState::Gone,
            _ => SeatState::Waiting,
        };
        let guests = json.guests.into_iter().map(|(user, by, depth)| Guest { user, by, depth });
        let delegations =
            json.delegations.into_iter().map(|(from, to)| Delegation { from: from.into(), to });
        Seat {
            no: json.no,
            kind,
            state,
            picks: json.picks.into_iter().map(Pick::from).collect(),
            claimed_by: json.claimed_by,
            added_by: json.added_by,
            depth: json.depth,
            is_removed: json.removed,
            guests: guests.collect(),
            delegations: delegations.collect(),
            past: json.past.into_iter().map(Past::from).collect(),
            decided: json.decided.map(Decided::from),
            opened_at: json.opened_at.map(micros),
        }
    }
}

impl From<Pick> for PickJson {
    fn from(pick: Pick) -> Self {
        let Pick { user, on_behalf_of, rule, chain } = pick;
        PickJson { user, behalf: on_behalf_of, rule, chain }
    }
}

impl From<PickJson> for Pick {
    fn from(json: PickJson) -> Self {
        let PickJson { user, behalf, rule, chain } = json;
        Pick { user, on_behalf_of: behalf, rule, chain }
    }
}

impl From<Decided> for DecidedJson {
    fn from(decided: Decided) -> Self {
        let Decided { user, on_behalf_of, passed, comment, at } = decided;
        DecidedJson { user, behalf: on_behalf_of, passed, comment, at: at.timestamp_micros() }
    }
}

impl From<DecidedJson> for Decided {
    fn from(json: DecidedJson) -> Self {
        let DecidedJson { user, behalf, passed, comment, at } = json;
        Decided { user, on_behalf_of: behalf, passed, comment, at: micros(at) }
    }
}

impl From<Past> for PastJson {
    fn from(past: Past) -> Self {
        match past {
            Past::Transferred { from, to } => PastJson::Transferred { from, to },
            Past::Delegated { from, to } => PastJson::Delegated { from, to },
            Past::Returned { to, advice } => PastJson::Returned { to, advice: advice.into() },
            Past::Substituted { from, to } => PastJson::Substituted { from, to },
            Past::Left { user, by } => PastJson::Left { user, by },
            Past::TakenBack(decided) => PastJson::TakenBack { decided: decided.into() },
        }
    }
}

impl From<PastJson> for Past {
    fn from(json: PastJson) -> Self {
        match json {
            PastJson::Transferred { from, to } => Past::Transferred { from, to },
            PastJson::Delegated { from, to } => Past::Delegated { from, to },
            PastJson::Returned { to, advice } => Past::Returned { to, advice: advice.into() },
            PastJson::Substituted { from, to } => Past::Substituted { from, to },
            PastJson::Left { user, by } => Past::Left { user, by },
            PastJson::TakenBack { decided } => Past::TakenBack(decided.into()),
        }
    }
}
