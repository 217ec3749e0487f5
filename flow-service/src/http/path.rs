//! `task/return_targets` and `order/forecast`: where an order can go back to, and where it will go.

use std::collections::{BTreeMap, HashMap};

use actix_web::get;
use actix_web::web::Data;
use serde::Serialize;
use serde_json::{Map, Value as Any};
use shared::fault::{FieldError, Mistake};
use shared::http::body::Query;
use shared::http::fields::{Fields, Read, TEXT_MAX_CHARS};
use shared::http::json;
use shared::http::reply::{Answer, ApiError, Reply};
use shared::http::server::detached;
use shared::id::{FlowCode, UserCode};
use shared::identity::Caller;
use shared::time;
use utoipa::{IntoParams, ToSchema};

use super::order::{acting, viewer_of};
use crate::domain::approval::Mode;
use crate::domain::order::wire_id;
use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::forecast_order::{Draft, Forecast, Person, Step};
use crate::usecase::list_return_targets::{Cancelled, Preview, Voided};

/// The longest form in a query, in characters.
const FORM_MAX_CHARS: usize = 64 * 1024;

/// Which task.
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
pub(crate) struct ReturnTargetsIn {
    task_id: String,
    /// Of a person, only themselves.
    #[param(value_type = Option<String>)]
    user_code: Option<UserCode>,
}

impl Read for ReturnTargetsIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            task_id: fields.text("taskId", TEXT_MAX_CHARS),
            user_code: fields.optional_code("userCode"),
        }
    }
}

/// Where a task can be sent back to.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReturnTargetsOut {
    /// Nearest first.
    targets: Vec<ReturnTargetOut>,
}

/// A place to go back to, and what that does.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReturnTargetOut {
    activity_id: String,
    activity_name: String,
    /// It is the start: the initiator gets the order back.
    is_starter: bool,
    /// Whether the order may come straight back from there; then only the task itself is taken away.
    straight_back_allowed: bool,
    /// Tasks that would be taken away, the asking one too.
    cancels: Vec<CancelledOut>,
    /// Decisions that would count no longer.
    voids: Vec<VoidedOut>,
}

/// A task that would be taken away.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CancelledOut {
    task_id: String,
    activity_id: String,
    activity_name: String,
    people: Vec<String>,
}

/// A decision that would count no longer.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VoidedOut {
    task_id: String,
    activity_id: String,
    activity_name: String,
    /// Empty = nobody: a rule of the flow decided.
    handler: String,
    handled_at: Option<String>,
}

impl From<Preview> for ReturnTargetOut {
    fn from(preview: Preview) -> Self {
        Self {
            activity_id: preview.place.node,
            activity_name: preview.place.name,
            is_starter: preview.is_starter,
            straight_back_allowed: preview.can_come_straight_back,
            cancels: preview.cancels.into_iter().map(CancelledOut::from).collect(),
            voids: preview.voids.into_iter().map(VoidedOut::from).collect(),
        }
    }
}

impl From<Cancelled> for CancelledOut {
    fn from(cancelled: Cancelled) -> Self {
        let Cancelled { order, row, place, people } = cancelled;
        Self {
            task_id: wire_id(order, row.0, row.1),
            activity_id: place.node,
            activity_name: place.name,
            people,
        }
    }
}

impl From<Voided> for VoidedOut {
    fn from(voided: Voided) -> Self {
        let Voided { order, row, place, handler, at } = voided;
        Self {
            task_id: wire_id(order, row.0, row.1),
            activity_id: place.node,
            activity_name: place.name,
            handler,
            handled_at: Some(time::format(at)),
        }
    }
}

/// Where a task can be sent back to, with whose tasks would be taken away and whose decisions would
/// count no longer.
#[utoipa::path(params(ReturnTargetsIn), responses((status = 200, body = ReturnTargetsOut)), tag = "orders")]
#[get("/aflow/api/task/return_targets")]
pub(crate) async fn list_return_targets(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<ReturnTargetsIn>,
) -> Answer<ReturnTargetsOut> {
    let ReturnTargetsIn { task_id, user_code } = query.read()?;
    // An application that names somebody sees what they would.
    let viewer = match viewer_of(&caller).is_some() || user_code.is_some() {
        true => Some(acting(&caller, user_code, "userCode")?),
        false => None,
    };
    let targets = detached(async move {
        let (tenant, viewer) = (&caller.tenant, viewer.as_ref());
        usecase::list_return_targets::list_return_targets(&ctx, tenant, viewer, &task_id).await
    })
    .await?;
    Ok(Reply(ReturnTargetsOut {
        targets: targets.into_iter().map(ReturnTargetOut::from).collect(),
    }))
}

/// An order, or one that is not started yet.
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
pub(crate) struct ForecastIn {
    order_id: Option<i64>,
    /// Of an order that is not started yet.
    #[param(value_type = Option<String>)]
    flow_code: Option<FlowCode>,
    process_id: Option<String>,
    /// A person only themselves.
    #[param(value_type = Option<String>)]
    initiator: Option<UserCode>,
    /// JSON: the values of the form that are filled in by now.
    #[param(value_type = Option<String>)]
    form_data: Map<String, Any>,
    /// JSON: whom the starter chooses, user codes by the task's id.
    #[param(value_type = Option<String>)]
    chosen_people: BTreeMap<String, Vec<String>>,
}

impl Read for ForecastIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        let (order_id, flow_code) =
            (fields.optional_long("orderId"), fields.optional_code("flowCode"));
        if order_id.is_some() == flow_code.is_some() && !fields.is_noted("orderId") {
            fields.refuse("orderId", Mistake::Malformed, "orderId 与 flowCode 应填写其中一个");
        }
        Self {
            order_id,
            flow_code,
            process_id: fields.optional_text("processId", TEXT_MAX_CHARS),
            initiator: fields.optional_code("initiator"),
            form_data: read_object(fields, "formData"),
            chosen_people: read_chosen(fields),
        }
    }
}

/// An object as text of JSON.
fn read_object(fields: &mut Fields<'_>, name: &'static str) -> Map<String, Any> {
    let Some(text) = fields.optional_text(name, FORM_MAX_CHARS) else { return Map::new() };
    match json::parse(text.as_bytes()) {
        Ok(json) => match Any::from(&json) {
            Any::Object(members) => return members,
            Any::Null | Any::Bool(_) | Any::Number(_) | Any::String(_) | Any::Array(_) => {
                fields.refuse(name, Mistake::Malformed, "应为 JSON 对象");
            }
        },
        Err(refusal) => fields.refuse(name, Mistake::Malformed, refusal.to_string()),
    }
    Map::new()
}

fn read_chosen(fields: &mut Fields<'_>) -> BTreeMap<String, Vec<String>> {
    let members = read_object(fields, "chosenPeople");
    let mut chosen = BTreeMap::new();
    for (node, codes) in members {
        match serde_json::from_value::<Vec<String>>(codes) {
            Ok(codes) => {
                chosen.insert(node, codes);
            }
            Err(_) => {
                let place = format!("chosenPeople.{node}");
                fields.refuse(&place, Mistake::Malformed, "应为用户编码的数组");
            }
        }
    }
    chosen
}

/// The way of an order.
#[derive(Serialize, ToSchema)]
pub(crate) struct ForecastOut {
    /// What was done, what waits, and what is expected if everybody passes.
    steps: Vec<StepOut>,
    /// Whether the order comes to its end on this way, as far as it can be said.
    ends: bool,
}

/// One task of the way.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StepOut {
    activity_id: String,
    activity_name: String,
    /// `any`, `all`, `sequence` or `vote`.
    mode: &'static str,
    /// Of a vote: so many of a hundred.
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<u8>,
    people: Vec<PersonOut>,
    /// Why somebody is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    /// The task is decided without anybody: the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    by_itself: Option<String>,
    /// `done`, `active` or `expected`.
    state: &'static str,
    /// The way leads back to a task that is already on it; it is followed no further.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_loop: Option<bool>,
}

/// Somebody whose task it was, is or will be.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PersonOut {
    user_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    on_behalf_of: Option<String>,
    /// Why it is them.
    rule: String,
}

impl From<Forecast> for ForecastOut {
    fn from(forecast: Forecast) -> Self {
        let Forecast { steps, ends, names } = forecast;
        Self { steps: steps.into_iter().map(|step| step_out(step, &names)).collect(), ends }
    }
}

fn step_out(step: Step, names: &HashMap<String, String>) -> StepOut {
    let (mode, ratio) = match step.mode {
        Mode::Any => ("any", None),
        Mode::All => ("all", None),
        Mode::Sequence => ("sequence", None),
        Mode::Vote { percent } => ("vote", Some(percent)),
    };
    let person = |person: Person| PersonOut {
        name: names.get(&person.user).cloned(),
        user_code: person.user,
        on_behalf_of: person.on_behalf_of,
        rule: person.rule,
    };
    StepOut {
        activity_id: step.place.node,
        activity_name: step.place.name,
        mode,
        ratio,
        people: step.picked.people.into_iter().map(person).collect(),
        trouble: step.picked.trouble,
        by_itself: step.picked.by_itself,
        state: step.state.word(),
        is_loop: step.is_loop.then_some(true),
    }
}

/// The rest of an order's path with its people, for the values entered so far: as it is if everybody
/// passes and whatever is waited for comes.
#[utoipa::path(params(ForecastIn), responses((status = 200, body = ForecastOut)), tag = "orders")]
#[get("/aflow/api/order/forecast")]
pub(crate) async fn forecast_order(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<ForecastIn>,
) -> Answer<ForecastOut> {
    let request = query.read()?;
    let viewer = viewer_of(&caller);
    if let Some(order) = request.order_id {
        let forecast = detached(async move {
            let (tenant, viewer) = (&caller.tenant, viewer.as_ref());
            usecase::forecast_order::forecast_order(&ctx, tenant, viewer, order).await
        });
        return Ok(Reply(forecast.await?.into()));
    }
    let Some(flow) = request.flow_code else {
        let missing = FieldError::malformed("flowCode", "不能为空");
        return Err(ApiError::bad_fields(vec![missing]));
    };
    let draft = Draft {
        flow,
        process: request.process_id,
        initiator: acting(&caller, request.initiator, "initiator")?,
        form_data: request.form_data,
        chosen: request.chosen_people,
    };
    let forecast = detached(async move {
        usecase::forecast_order::forecast_draft(&ctx, &caller.tenant, draft).await
    });
    Ok(Reply(forecast.await?.into()))
}
