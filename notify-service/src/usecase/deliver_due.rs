//! Delivers what is due for one enterprise, round after round, until nothing is.

use std::pin::Pin;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use shared::fault::chain;
use shared::id::Tenant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::call_dingtalk::Round;
use super::resolve_person::Found;
use super::{
    Ctx, create_todo, finish_todo, notify_tasks, poll_results, push_work, record_outcomes,
};
use crate::domain::delivery::Errand;
use crate::domain::outcome::Outcome;
use crate::error::Error;
use crate::store::changes;
use crate::store::claims::{self, Claimed};

/// Between two rounds of an enterprise without DingTalk.
const BREATH: Duration = Duration::from_millis(200);

/// Calls of one kind at the same time, for one enterprise.
const MOST_CALLS: usize = 8;

/// The enterprises for which something is due or waits to be planned.
pub(crate) async fn list_tenants_due(ctx: &Ctx) -> Result<Vec<Tenant>, Error> {
    let conn = ctx.db.connection().await?;
    let (due, waiting) =
        tokio::try_join!(claims::list_tenants_due(&conn), changes::list_tenants(&conn))?;
    Ok(due.into_iter().chain(waiting).collect())
}

/// Plans, claims, calls and records; no call is made inside a transaction.
pub(crate) async fn deliver_due(
    ctx: &Ctx,
    tenant: &Tenant,
    stop: &CancellationToken,
) -> Result<(), Error> {
    while !stop.is_cancelled() {
        let access = ctx.sso.access(tenant).await.map_err(Error::Sso)?;
        let planned = notify_tasks::plan_deliveries(ctx, tenant, access.is_some()).await?;
        let lease = shared::id::new_id();
        let claimed = {
            let conn = ctx.db.connection().await?;
            claims::claim(&conn, tenant, lease).await?
        };
        if claimed.is_empty() && planned == 0 {
            return Ok(());
        }
        match access {
            Some(_) => work(&Round::new(ctx, tenant, stop), lease, claimed).await,
            None => {
                give_up(ctx, tenant, lease, &claimed).await?;
                // Nobody waits for the rows of a backlog that goes nowhere.
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(BREATH) => {}
                }
            }
        }
    }
    Ok(())
}

async fn give_up(
    ctx: &Ctx,
    tenant: &Tenant,
    lease: Uuid,
    claimed: &[Claimed],
) -> Result<(), Error> {
    let outcomes = claimed.iter().map(|claim| (claim.known.id, Outcome::NotConfigured)).collect();
    record_outcomes::record_outcomes(ctx, tenant, lease, claimed, outcomes).await
}

/// The errands of a round, sorted by kind.
#[derive(Default)]
struct Errands {
    push: Vec<Claimed>,
    poll: Vec<Claimed>,
    create: Vec<Claimed>,
    finish: Vec<Claimed>,
}

/// One call to DingTalk, and for whom.
enum Job {
    Push(Vec<Claimed>),
    Poll(Vec<Claimed>),
    Create(Claimed),
    Finish(Claimed),
}

async fn work(round: &Round<'_>, lease: Uuid, claimed: Vec<Claimed>) {
    let found = Found::of(&claimed);
    let mut errands = Errands::default();
    for claim in claimed {
        match claim.known.errand() {
            Some(Errand::Push) => errands.push.push(claim),
            Some(Errand::Poll) => errands.poll.push(claim),
            Some(Errand::Create) => errands.create.push(claim),
            Some(Errand::Finish) => errands.finish.push(claim),
            None => {}
        }
    }
    // Each kind has an API of its own and does not wait for the others.
    let lanes: [Vec<Job>; 4] = [
        push_work::groups(errands.push).into_iter().map(Job::Push).collect(),
        poll_results::groups(errands.poll).into_iter().map(Job::Poll).collect(),
        errands.create.into_iter().map(Job::Create).collect(),
        errands.finish.into_iter().map(Job::Finish).collect(),
    ];
    let found = &found;
    let lane = |jobs: Vec<Job>| -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let done = stream::iter(jobs).map(move |job| run(round, found, lease, job));
        Box::pin(done.buffer_unordered(MOST_CALLS).for_each(async |()| {}))
    };
    futures_util::future::join_all(lanes.map(lane)).await;
}

async fn run(round: &Round<'_>, found: &Found, lease: Uuid, job: Job) {
    let (group, outcomes) = match job {
        Job::Push(group) => {
            let outcomes = push_work::push_work(round, found, &group).await;
            (group, outcomes)
        }
        Job::Poll(group) => {
            let outcomes = poll_results::poll_results(round, &group).await;
            (group, outcomes)
        }
        Job::Create(claim) => {
            let outcome = create_todo::create_todo(round, found, &claim).await;
            let outcomes = vec![(claim.known.id, outcome)];
            (vec![claim], outcomes)
        }
        Job::Finish(claim) => {
            let outcome = finish_todo::finish_todo(round, &claim).await;
            let outcomes = vec![(claim.known.id, outcome)];
            (vec![claim], outcomes)
        }
    };
    let recorded =
        record_outcomes::record_outcomes(round.ctx, round.tenant, lease, &group, outcomes).await;
    if let Err(error) = recorded {
        // The lease ends by itself; DingTalk drops a repeat, and a to-do is found again.
        tracing::warn!(tenant = %round.tenant, cause = chain(&error), "an outcome could not be recorded");
    }
}
