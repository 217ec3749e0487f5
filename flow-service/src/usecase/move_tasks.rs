//! Moves what waits for one person to another, order by order; what fails does not stop the rest.

use futures_util::future::join_all;
use shared::code::Code;
use shared::db::{Conn, QueryResult};
use shared::fault::{Fault, chain};
use shared::id::Tenant;

use super::Ctx;
use super::move_order::{Done, Job, move_order};
use super::work_errands::finish_step;
use crate::domain::approval::Pick;
use crate::domain::people::People;
use crate::domain::run::{Act, Refusal};
use crate::error::Error;
use crate::store::people;

/// Orders moved at the same time.
const AT_ONCE: usize = 32;

/// Orders looked at in one go.
pub(super) const PAGE: i64 = 200;

/// One person's tasks in one order.
pub(super) struct Move {
    pub(super) order: i64,
    pub(super) from: String,
    pub(super) to: Pick,
    /// `agent` or `handover`.
    pub(super) word: &'static str,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// The tasks that others have now, by their ids on the wire.
    pub(crate) tasks: Vec<String>,
    pub(crate) failed: Vec<Failed>,
}

/// An order that could not be moved.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) order: i64,
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl Report {
    pub(super) fn add(&mut self, other: Report) {
        self.tasks.extend(other.tasks);
        self.failed.extend(other.failed);
    }
}

/// Moving what was moved before changes nothing.
pub(super) async fn move_tasks(ctx: &Ctx, tenant: &Tenant, moves: Vec<Move>) -> Report {
    let mut report = Report::default();
    let mut moves = moves.into_iter().peekable();
    while moves.peek().is_some() {
        let some: Vec<Move> = moves.by_ref().take(AT_ONCE).collect();
        for done in join_all(some.into_iter().map(|one| move_one(ctx, tenant, one))).await {
            match done {
                Ok(tasks) => report.tasks.extend(tasks),
                Err(failed) => report.failed.push(failed),
            }
        }
    }
    report
}

async fn move_one(ctx: &Ctx, tenant: &Tenant, one: Move) -> Result<Vec<String>, Failed> {
    let Move { order, from, to, word } = one;
    match move_order(ctx, Job::act(tenant, order, Act::Substitute { from, to, word })).await {
        Ok(done) => {
            let tasks = tasks_of(&done, word);
            finish_step(ctx, tenant, done).await;
            Ok(tasks)
        }
        Err(
            Error::Order(Refusal::Repeated | Refusal::NothingWaits | Refusal::Over)
            | Error::NothingChanged
            | Error::UnknownOrder(_),
        ) => Ok(Vec::new()),
        Err(error) => {
            let code = error.code();
            tracing::warn!(order, cause = chain(&error), "somebody's tasks could not be moved");
            let message = match code {
                Code::Internal | Code::Unavailable => code.sentence().to_owned(),
                _ => error.to_string(),
            };
            Err(Failed { order, code, message })
        }
    }
}

fn tasks_of(done: &Done, word: &str) -> Vec<String> {
    let all = done.facts.iter().flat_map(|fact| &fact.operations);
    let moved = all.filter(|operation| operation.action == word);
    let mut tasks: Vec<String> = moved.filter_map(|operation| operation.task_id.clone()).collect();
    tasks.sort();
    tasks.dedup();
    tasks
}

/// What our copy knows of these people and of those above them.
pub(super) async fn find_names(
    conn: &Conn,
    tenant: &Tenant,
    codes: Vec<String>,
) -> QueryResult<People> {
    let mut known = People::default();
    for (code, profile) in people::list_above(conn, tenant, codes).await? {
        known.note(code, profile);
    }
    Ok(known)
}
