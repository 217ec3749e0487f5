//! Somebody says when they are away and who acts for them.

use chrono::{DateTime, Utc};
use shared::fault::{FieldError, chain};
use shared::id::{self, FlowCode, Tenant, UserCode};
use uuid::Uuid;

use super::Ctx;
use super::begin_absences::begin_absence;
use super::find_people::check_person;
use crate::domain::absence::Absence;
use crate::error::Error;
use crate::store::absences::{self, Stored};
use crate::store::waiting;

/// What is asked.
pub(crate) struct SetAbsence {
    pub(crate) user: UserCode,
    pub(crate) agent: UserCode,
    pub(crate) from: DateTime<Utc>,
    pub(crate) to: DateTime<Utc>,
    /// None = all of them.
    pub(crate) flows: Vec<FlowCode>,
    pub(crate) reason: Option<String>,
}

/// What came of it.
pub(crate) struct AbsenceSet {
    pub(crate) id: Uuid,
    pub(crate) is_applied: bool,
    /// Tasks that the agent has now.
    pub(crate) moved: usize,
}

/// The same person with the same agent, dates and flows is the same absence.
pub(crate) async fn set_absence(
    ctx: &Ctx,
    tenant: &Tenant,
    request: SetAbsence,
) -> Result<AbsenceSet, Error> {
    let now = ctx.clock.now();
    let SetAbsence { user, agent, from, to, flows, reason } = request;
    let codes = flows.iter().map(FlowCode::to_string).collect();
    let absence = Absence::new(user.as_str(), agent.as_str(), (from, to), codes, now)?;
    check_person(ctx, tenant, "userCode", user.as_str()).await?;
    check_person(ctx, tenant, "agent", agent.as_str()).await?;
    check_flows(ctx, tenant, &flows).await?;
    let tenant = tenant.clone();
    let stored = Stored { id: id::new_id(), tenant, absence, reason, is_cancelled: false };
    let before = save(ctx, &stored, now).await?;
    ctx.known.forget_absences(&stored.tenant).await;
    if let Some((id, is_applied)) = before {
        return Ok(AbsenceSet { id, is_applied, moved: 0 });
    }
    tracing::info!(user = stored.absence.user, agent = stored.absence.agent, "absence set");
    let moved = if from <= now { begin(ctx, &stored).await } else { 0 };
    Ok(AbsenceSet { id: stored.id, is_applied: true, moved })
}

pub(super) async fn check_flows(
    ctx: &Ctx,
    tenant: &Tenant,
    flows: &[FlowCode],
) -> Result<(), Error> {
    if flows.is_empty() {
        return Ok(());
    }
    let conn = ctx.db.connection().await?;
    let unknown = waiting::list_unknown_flows(&conn, tenant, flows).await?;
    let places =
        flows.iter().enumerate().filter(|(_, flow)| unknown.iter().any(|it| it == flow.as_str()));
    let details: Vec<FieldError> = places
        .map(|(at, flow)| {
            FieldError::reference(format!("flowCodes[{at}]"), format!("流程 {flow} 不存在"))
        })
        .collect();
    if details.is_empty() { Ok(()) } else { Err(Error::UnknownFlows(details)) }
}

/// The absence that was the same before, if there is one, and whether its reason has changed.
async fn save(
    ctx: &Ctx,
    stored: &Stored,
    now: DateTime<Utc>,
) -> Result<Option<(Uuid, bool)>, Error> {
    let tenant = &stored.tenant;
    ctx.db
        .transaction(async |tx| {
            absences::lock_tenant(tx, tenant).await?;
            let since = stored.absence.from.max(now);
            let others = absences::list_from(tx, tenant, since).await?;
            if let Some(same) = others.iter().find(|other| other.absence == stored.absence) {
                let is_other = same.reason != stored.reason;
                if is_other {
                    let reason = stored.reason.as_deref();
                    absences::set_reason(tx, tenant, same.id, reason).await?;
                }
                return Ok(Some((same.id, is_other)));
            }
            let others: Vec<Absence> = others.into_iter().map(|other| other.absence).collect();
            stored.absence.check(&others)?;
            absences::insert(tx, stored).await?;
            Ok::<_, Error>(None)
        })
        .await
}

/// The absence stands all the same where this fails: the job moves what is left.
async fn begin(ctx: &Ctx, stored: &Stored) -> usize {
    match begin_absence(ctx, stored).await {
        Ok(report) => report.tasks.len(),
        Err(error) => {
            tracing::warn!(cause = chain(&error), "tasks are left to the job");
            0
        }
    }
}
