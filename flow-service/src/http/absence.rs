//! `/aflow/api/user/absence`: who is away, and who acts for them.

use actix_web::web::Data;
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::fault::Mistake;
use shared::http::body::{Body, Query};
use shared::http::fields::{Fields, Read, TEXT_MAX_CHARS};
use shared::http::reply::{Answer, Reply};
use shared::http::server::detached;
use shared::id::{FlowCode, UserCode};
use shared::identity::Caller;
use shared::time;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::order::acting;
use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::list_absences::Stored;
use crate::usecase::set_absence::SetAbsence;

/// Flows that one request names at most.
pub(super) const MOST_FLOWS: usize = 100;

/// When a person is away, and who acts for them.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct SetAbsenceIn {
    /// Who is away; a person only themselves.
    #[schema(value_type = String)]
    user_code: Option<UserCode>,
    /// Who gets their tasks meanwhile.
    #[schema(value_type = String)]
    agent: UserCode,
    #[schema(value_type = String)]
    from: DateTime<Utc>,
    /// When they are back.
    #[schema(value_type = String)]
    to: DateTime<Utc>,
    /// In orders of which flows; absent or empty = all.
    #[schema(value_type = Option<Vec<String>>)]
    flow_codes: Vec<FlowCode>,
    reason: Option<String>,
}

impl Read for SetAbsenceIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        let (from, to) = (fields.instant("from"), fields.instant("to"));
        Self {
            user_code: fields.optional_code("userCode"),
            agent: fields.code("agent"),
            from: from.unwrap_or_default(),
            to: to.unwrap_or_default(),
            flow_codes: fields.optional_codes("flowCodes", MOST_FLOWS),
            reason: fields.optional_text("reason", TEXT_MAX_CHARS),
        }
    }
}

/// What became of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AbsenceSetOut {
    success: bool,
    absence_id: String,
    /// `false` = it was set before.
    applied: bool,
    /// Tasks that waited for the person and are the agent's now.
    moved: usize,
}

/// Says when a person is away and who acts for them. New tasks go to the agent; those that wait move
/// when the absence begins, at once if it has. An agent who is away, too, has theirs. For the same
/// time and flow a person has one agent (else `WRONG_STATE`), and agents may not form a circle.
#[utoipa::path(request_body = SetAbsenceIn, responses((status = 200, body = AbsenceSetOut)), tag = "absences")]
#[post("/aflow/api/user/absence")]
pub(crate) async fn set_absence(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<SetAbsenceIn>,
) -> Answer<AbsenceSetOut> {
    let request = body.read()?;
    let wanted = SetAbsence {
        user: acting(&caller, request.user_code, "userCode")?,
        agent: request.agent,
        from: request.from,
        to: request.to,
        flows: request.flow_codes,
        reason: request.reason,
    };
    let set =
        detached(
            async move { usecase::set_absence::set_absence(&ctx, &caller.tenant, wanted).await },
        )
        .await?;
    Ok(Reply(AbsenceSetOut {
        success: true,
        absence_id: set.id.to_string(),
        applied: set.is_applied,
        moved: set.moved,
    }))
}

/// Which absence to cancel.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct CancelAbsenceIn {
    /// Whose it is; a person only their own.
    #[schema(value_type = String)]
    user_code: Option<UserCode>,
    #[schema(value_type = String)]
    absence_id: Uuid,
}

impl Read for CancelAbsenceIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        let text = fields.text("absenceId", TEXT_MAX_CHARS);
        let id = Uuid::parse_str(&text).ok();
        if id.is_none() && !fields.is_noted("absenceId") {
            fields.refuse("absenceId", Mistake::Malformed, "应为设置外出时返回的 absenceId");
        }
        Self { user_code: fields.optional_code("userCode"), absence_id: id.unwrap_or_default() }
    }
}

/// Whether something changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct AbsenceCancelledOut {
    success: bool,
    /// `false` = it was cancelled, or over, before.
    applied: bool,
}

/// The person is back, or does not go: from now on tasks are theirs again. What the agent has by then
/// stays with the agent.
#[utoipa::path(request_body = CancelAbsenceIn, responses((status = 200, body = AbsenceCancelledOut)), tag = "absences")]
#[post("/aflow/api/user/absence/cancel")]
pub(crate) async fn cancel_absence(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<CancelAbsenceIn>,
) -> Answer<AbsenceCancelledOut> {
    let request = body.read()?;
    let user = acting(&caller, request.user_code, "userCode")?;
    let id = request.absence_id;
    let applied = detached(async move {
        usecase::cancel_absence::cancel_absence(&ctx, &caller.tenant, &user, id).await
    })
    .await?;
    Ok(Reply(AbsenceCancelledOut { success: true, applied }))
}

/// Whose absences are wanted.
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
pub(crate) struct ListAbsencesIn {
    /// A person sees only their own.
    #[param(value_type = Option<String>)]
    user_code: Option<UserCode>,
}

impl Read for ListAbsencesIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { user_code: fields.optional_code("userCode") }
    }
}

/// One absence.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AbsenceOut {
    absence_id: String,
    user_code: String,
    agent: String,
    from: String,
    to: String,
    /// Empty = all.
    flow_codes: Vec<String>,
    reason: Option<String>,
    /// `coming`, `current`, `over` or `cancelled`.
    state: &'static str,
}

impl AbsenceOut {
    fn of(stored: Stored, now: DateTime<Utc>) -> Self {
        let absence = stored.absence;
        let state = match () {
            () if stored.is_cancelled => "cancelled",
            () if absence.to <= now => "over",
            () if absence.from <= now => "current",
            () => "coming",
        };
        Self {
            absence_id: stored.id.to_string(),
            user_code: absence.user,
            agent: absence.agent,
            from: time::format(absence.from),
            to: time::format(absence.to),
            flow_codes: absence.flows.into_iter().flatten().collect(),
            reason: stored.reason,
            state,
        }
    }
}

/// A person's absences.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AbsencesOut {
    /// The latest first, at most 100.
    absences: Vec<AbsenceOut>,
    /// Those of others for whom the person acts, or will, the next first, at most 100.
    acting_for: Vec<AbsenceOut>,
}

/// When a person is away, and for whom they act.
#[utoipa::path(params(ListAbsencesIn), responses((status = 200, body = AbsencesOut)), tag = "absences")]
#[get("/aflow/api/user/absence")]
pub(crate) async fn list_absences(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<ListAbsencesIn>,
) -> Answer<AbsencesOut> {
    let user = acting(&caller, query.read()?.user_code, "userCode")?;
    let found = detached(async move {
        usecase::list_absences::list_absences(&ctx, &caller.tenant, &user).await
    })
    .await?;
    let now = found.now;
    let out = |all: Vec<Stored>| all.into_iter().map(|one| AbsenceOut::of(one, now)).collect();
    Ok(Reply(AbsencesOut { absences: out(found.own), acting_for: out(found.acting) }))
}
