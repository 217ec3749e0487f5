//! What only services of the house may ask.

use actix_web::post;
use actix_web::web::{Data, Json};
use flow_engine::value::{Value, Variables};
use serde_json::{Map, Value as Any};
use shared::code::Code;
use shared::contract::flow::{FlowPublished, ListOnline};
use shared::contract::order::{self, OrderAdvanced};
use shared::http::reply::{Answer, ApiError, Reply};
use shared::http::server::detached;
use shared::id::AppId;
use shared::identity::Caller;

use crate::domain::form::BUILT_IN;
use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::complete_task::{Action, CompleteTask};

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

/// A person decides a task; task-service has made sure who it is.
#[post("/internal/task/complete")]
pub(crate) async fn complete_task(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Json<order::CompleteTask>,
) -> Answer<Vec<OrderAdvanced>> {
    caller.require_service()?;
    let request = body.into_inner();
    let action = match request.action.as_str() {
        "pass" => Action::Pass,
        "reject" => Action::Reject,
        "accept" => Action::Accept,
        "rebut" => Action::Rebut,
        _ => {
            return Err(ApiError::new(
                Code::InvalidParameter,
                "action 应为 pass、reject、rebut 或 accept",
            ));
        }
    };
    let wanted = CompleteTask {
        task: request.task_id,
        user: request.user_code,
        action,
        comment: request.comment,
        form_data: request.form_data.and_then(object),
        variables: request.variables.and_then(object).map(variables).unwrap_or_default(),
        error_code: request.bpmn_error_code,
    };
    let facts = detached(async move {
        usecase::complete_task::complete_task(&ctx, &caller.tenant, wanted).await
    });
    Ok(Reply(facts.await?))
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
