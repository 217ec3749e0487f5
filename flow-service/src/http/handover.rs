//! `/aflow/api/task/handover`: a leaver's tasks go to somebody else.

use actix_web::post;
use actix_web::web::Data;
use serde::Serialize;
use shared::fault::Mistake;
use shared::http::body::Body;
use shared::http::fields::{Fields, Read, TEXT_MAX_CHARS};
use shared::http::reply::{Answer, Reply};
use shared::http::server::detached;
use shared::id::{FlowCode, UserCode};
use shared::identity::Caller;
use utoipa::ToSchema;

use super::absence::MOST_FLOWS;
use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::hand_over::HandOver;
use crate::usecase::move_tasks::Failed;

/// Whose tasks go to whom.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct HandOverIn {
    /// May be disabled.
    #[schema(value_type = String)]
    from_user: UserCode,
    #[schema(value_type = String)]
    to_user: UserCode,
    /// In orders of which flows; absent or empty = all.
    #[schema(value_type = Option<Vec<String>>)]
    flow_codes: Vec<FlowCode>,
    /// Shown to whoever gets them.
    reason: Option<String>,
}

impl Read for HandOverIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        let from_user: UserCode = fields.code("fromUser");
        let to_user: UserCode = fields.code("toUser");
        if from_user == to_user && !fields.is_noted("fromUser") && !fields.is_noted("toUser") {
            fields.refuse("toUser", Mistake::Malformed, "不能与 fromUser 相同");
        }
        Self {
            from_user,
            to_user,
            flow_codes: fields.optional_codes("flowCodes", MOST_FLOWS),
            reason: fields.optional_text("reason", TEXT_MAX_CHARS),
        }
    }
}

/// What was moved.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HandedOverOut {
    moved: usize,
    failed: Vec<FailedOut>,
    /// The tasks that are somebody else's now.
    tasks: Vec<String>,
    /// There was too much for one call: call again.
    more: bool,
}

/// An order whose tasks stay where they were.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FailedOut {
    order_id: i64,
    code: &'static str,
    message: String,
}

impl From<Failed> for FailedOut {
    fn from(failed: Failed) -> Self {
        Self { order_id: failed.order, code: failed.code.name(), message: failed.message }
    }
}

/// Gives everything that waits for one person to another; each move is in its order's history. At
/// most 5,000 orders a call; calling again moves the rest, and what has come since.
#[utoipa::path(request_body = HandOverIn, responses((status = 200, body = HandedOverOut)), tag = "absences")]
#[post("/aflow/api/task/handover")]
pub(crate) async fn hand_over(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<HandOverIn>,
) -> Answer<HandedOverOut> {
    caller.application()?;
    let request = body.read()?;
    let wanted = HandOver {
        from: request.from_user,
        to: request.to_user,
        flows: request.flow_codes,
        reason: request.reason,
    };
    let done =
        detached(async move { usecase::hand_over::hand_over(&ctx, &caller.tenant, wanted).await })
            .await?;
    let report = done.report;
    Ok(Reply(HandedOverOut {
        moved: report.tasks.len(),
        failed: report.failed.into_iter().map(FailedOut::from).collect(),
        tasks: report.tasks,
        more: done.is_more,
    }))
}
