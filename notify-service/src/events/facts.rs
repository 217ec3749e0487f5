//! Our own facts, from domain values.

use shared::contract::order::ServiceAnswered;

use crate::domain::verdict::{CallAnswer, CallOutcome};

/// What became of the call of a service task.
pub(crate) fn service_answered(
    tenant: &str,
    order: i64,
    call: &str,
    answer: CallAnswer,
) -> ServiceAnswered {
    let outcome = match answer.outcome {
        CallOutcome::Answered => "answered",
        CallOutcome::Refused => "refused",
        CallOutcome::Failed => "failed",
    };
    ServiceAnswered {
        tenant: tenant.to_owned(),
        order_id: order,
        call_id: call.to_owned(),
        outcome: outcome.to_owned(),
        answer: answer.answer,
        reason: answer.reason,
    }
}
