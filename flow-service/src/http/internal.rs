//! What only services of the house may ask.

use std::collections::BTreeMap;

use actix_web::post;
use actix_web::web::{Data, Json};
use flow_engine::value::{Value, Variables};
use serde_json::{Map, Value as Any};
use shared::code::Code;
use shared::contract::flow::{FlowPublished, ListOnline};
use shared::contract::order::{self, OperationDone, ReturnTo};
use shared::fault::FieldError;
use shared::http::reply::{Answer, ApiError, Reply};
use shared::http::server::detached;
use shared::id::AppId;
use shared::identity::Caller;

use crate::domain::approval::Place;
use crate::domain::form::BUILT_IN;
use crate::domain::run::{Decision, Said, Target};
use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::operate_task::{OperateTask, Operation, row_of};

#[post("/internal/flows/online")]
pub(crate) async fn list_online(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Json<ListOnline>,
) -> Answer<Vec<FlowPublished>> {
    caller.require_service()?;
    let app = AppId::stored(body.into_inner().app);
    let flows =
        detached(
            async move { usecase::list_online::list_online(&ctx, &caller.tenant, &app).await },
        );
    Ok(Reply(flows.await?))
}

/// Somebody does something with a task or an order; task-service has made sure who it is.
#[post("/internal/task/operate")]
pub(crate) async fn operate_task(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Json<order::OperateTask>,
) -> Answer<OperationDone> {
    caller.require_service()?;
    let wanted = read_operation(body.into_inner())?;
    let done =
        detached(
            async move { usecase::operate_task::operate_task(&ctx, &caller.tenant, wanted).await },
        );
    let done = done.await?;
    Ok(Reply(OperationDone {
        facts: done.facts,
        applied: done.applied,
        sent: done.sent,
        next_allowed_at: done.next_allowed_at.map(|at| at.to_rfc3339()),
    }))
}

fn read_operation(request: order::OperateTask) -> Result<OperateTask, ApiError> {
    let unknown =
        |field: &str, what: String| ApiError::bad_fields(vec![FieldError::reference(field, what)]);
    let (order, row) = match (&request.task_id, request.order_id) {
        (Some(task), _) => {
            let named = row_of(task);
            let (order, row) =
                named.ok_or_else(|| unknown("taskId", format!("任务 {task} 不存在")))?;
            (order, Some(row))
        }
        (None, Some(order)) => (order, None),
        (None, None) => return Err(unknown("taskId", "taskId 不能为空".to_owned())),
    };
    let attachment = |one: order::Attachment| (one.name, one.url);
    let mut next = BTreeMap::new();
    let operation = match request.operation {
        order::Operation::Pass { next_people } => {
            next = next_people;
            Operation::Pass
        }
        order::Operation::Reject => Operation::Reject,
        order::Operation::Rebut { to, straight_back } => {
            let to = match to {
                ReturnTo::Starter => Target::Starter,
                ReturnTo::Previous => Target::Previous,
                ReturnTo::Node { activity_id } => Target::Node(activity_id),
            };
            Operation::Rebut { to, straight_back }
        }
        order::Operation::Transfer { to } => Operation::Transfer { to },
        order::Operation::Delegate { to } => Operation::Delegate { to },
        order::Operation::AddSign { place, people } => {
            let place = match place.as_str() {
                "before" => Place::Before,
                "after" => Place::After,
                "beside" => Place::Beside,
                _ => {
                    let sentence = "place 应为 before、after 或 beside";
                    return Err(ApiError::new(Code::InvalidParameter, sentence));
                }
            };
            Operation::AddSign { place, people }
        }
        order::Operation::RemoveSign { people } => Operation::RemoveSign { people },
        order::Operation::Claim => Operation::Claim,
        order::Operation::Release => Operation::Release,
        order::Operation::TakeBack => Operation::TakeBack,
        order::Operation::Recall => Operation::Recall,
        order::Operation::Copy { people } => Operation::Copy { people },
        order::Operation::Urge => Operation::Urge,
        order::Operation::Comment { mentions } => Operation::Comment { mentions },
    };
    let decision = Decision {
        user: request.user_code,
        app: request.app,
        said: Said {
            comment: request.comment,
            attachments: request.attachments.into_iter().map(attachment).collect(),
        },
        variables: request.variables.and_then(object).map(variables).unwrap_or_default(),
        form_data: None,
        next_people: next,
    };
    Ok(OperateTask {
        order,
        row,
        operation,
        decision,
        form_data: request.form_data.and_then(object),
        error_code: request.bpmn_error_code,
    })
}

fn object(json: Any) -> Option<Map<String, Any>> {
    match json {
        Any::Object(fields) => Some(fields),
        Any::Null | Any::Bool(_) | Any::Number(_) | Any::String(_) | Any::Array(_) => None,
    }
}

/// Everything but what the house gives an order.
fn variables(fields: Map<String, Any>) -> Variables {
    let own = fields.iter().filter(|(name, _)| !BUILT_IN.contains(&name.as_str()));
    own.map(|(name, json)| (name.clone(), Value::from_json(json))).collect()
}
