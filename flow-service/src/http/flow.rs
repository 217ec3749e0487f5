//! `/aflow/api/flow/create`, `update` and `publish`: flows that run here.

use actix_web::web::Data;
use actix_web::{post, put};
use serde_json::Value;
use shared::fault::Mistake;
use shared::http::body::Body;
use shared::http::fields::{Fields, Read, TEXT_MAX_CHARS};
use shared::http::json::Json;
use shared::http::reply::{Answer, Done, Reply};
use shared::http::server::detached;
use shared::id::{CODE_MAX_CHARS, FlowCode};
use shared::identity::Caller;
use utoipa::ToSchema;

use super::third_party::FlowVersionOut;
use crate::domain::definition::{Definition, Revision, XML_MAX_BYTES};
use crate::domain::form::Schema;
use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::publish_flow::PublishFlow;
use crate::usecase::update_flow::UpdateFlow;

/// A flow with its drawing and its form.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct CreateFlowIn {
    #[schema(value_type = String)]
    flow_code: FlowCode,
    flow_name: String,
    /// `{"components": [{type, name, label, required, options, columns, precision}]}`; may be left
    /// out where `formCode` names a form of `form/sync`.
    #[schema(value_type = Option<Object>)]
    form_schema: Option<Value>,
    /// A form of `form/sync`; it is copied when the version goes online.
    form_code: Option<String>,
    /// BPMN 2.0, at most 1 MiB.
    bpmn_xml: String,
}

impl Read for CreateFlowIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        let form_schema = read_schema(fields);
        let form_code = fields.optional_text("formCode", CODE_MAX_CHARS);
        let has_form = form_schema.is_some() || form_code.is_some();
        if !has_form && !fields.is_noted_below("formSchema") && !fields.is_noted("formCode") {
            fields.refuse("formSchema", Mistake::Malformed, "不能为空");
        }
        let bpmn_xml = read_xml(fields);
        if bpmn_xml.is_none() && !fields.is_noted("bpmnXml") {
            fields.refuse("bpmnXml", Mistake::Malformed, "不能为空");
        }
        Self {
            flow_code: fields.code("flowCode"),
            flow_name: fields.text("flowName", TEXT_MAX_CHARS),
            form_schema,
            form_code,
            bpmn_xml: bpmn_xml.unwrap_or_default(),
        }
    }
}

/// A form's schema, checked; absent = `None`.
pub(super) fn read_schema(fields: &mut Fields<'_>) -> Option<Value> {
    let schema = match fields.raw("formSchema")? {
        Json::Object(_) => Value::from(fields.raw("formSchema")?),
        _ => {
            fields.refuse("formSchema", Mistake::Malformed, "应为 JSON 对象");
            return None;
        }
    };
    match Schema::parse(&schema) {
        Ok(_) => Some(schema),
        Err(mistakes) => {
            for mistake in mistakes {
                let place = if mistake.place.is_empty() {
                    "formSchema".to_owned()
                } else {
                    format!("formSchema.{}", mistake.place)
                };
                fields.refuse(&place, Mistake::Malformed, mistake.message);
            }
            None
        }
    }
}

fn read_xml(fields: &mut Fields<'_>) -> Option<String> {
    let text = match fields.raw("bpmnXml")? {
        Json::Null => return None,
        Json::Text(text) if text.trim().is_empty() => return None,
        Json::Text(text) => text.clone(),
        _ => {
            fields.refuse("bpmnXml", Mistake::Malformed, "应为字符串");
            return None;
        }
    };
    if text.len() > XML_MAX_BYTES {
        fields.refuse("bpmnXml", Mistake::Malformed, "流程图不能超过 1 MiB");
        return None;
    }
    Some(text)
}

/// Defines a flow that runs here (E 5.1.1): version 1, a draft. A code that exists is DUPLICATE.
#[utoipa::path(request_body = CreateFlowIn, responses((status = 200, body = FlowVersionOut)), tag = "flows")]
#[post("/aflow/api/flow/create")]
pub(crate) async fn create_flow(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<CreateFlowIn>,
) -> Answer<FlowVersionOut> {
    let app = caller.application()?.clone();
    let request = body.read()?;
    let code = request.flow_code;
    let flow_code = code.to_string();
    let definition = Definition {
        name: request.flow_name,
        schema: request.form_schema,
        form_code: request.form_code,
        xml: request.bpmn_xml,
    };
    let flow_version = detached(async move {
        usecase::create_flow::create_flow(&ctx, &caller.tenant, &app, &code, definition).await
    })
    .await?;
    Ok(Reply(FlowVersionOut { flow_code, flow_version }))
}

/// What to change; absent = keep.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct UpdateFlowIn {
    #[schema(value_type = String)]
    flow_code: FlowCode,
    /// The version that the caller saw; another newest version is VERSION_CONFLICT.
    flow_version: Option<i32>,
    flow_name: Option<String>,
    #[schema(value_type = Option<Object>)]
    form_schema: Option<Value>,
    form_code: Option<String>,
    bpmn_xml: Option<String>,
}

impl Read for UpdateFlowIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        // Blank is no drawing; absent keeps the one there is.
        if matches!(fields.raw("bpmnXml"), Some(Json::Text(text)) if text.trim().is_empty()) {
            fields.refuse("bpmnXml", Mistake::Malformed, "不能为空");
        }
        Self {
            flow_code: fields.code("flowCode"),
            flow_version: fields.optional_int("flowVersion", 1..=i32::MAX),
            flow_name: fields.optional_text("flowName", TEXT_MAX_CHARS),
            form_schema: if matches!(fields.raw("formSchema"), Some(Json::Null)) {
                None
            } else {
                read_schema(fields)
            },
            form_code: fields.optional_text("formCode", CODE_MAX_CHARS),
            bpmn_xml: read_xml(fields),
        }
    }
}

/// Changes a flow (E 5.1.2): a draft on top is edited in place, a published version gets a new draft.
#[utoipa::path(request_body = UpdateFlowIn, responses((status = 200, body = FlowVersionOut)), tag = "flows")]
#[put("/aflow/api/flow/update")]
pub(crate) async fn update_flow(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<UpdateFlowIn>,
) -> Answer<FlowVersionOut> {
    let app = caller.application()?.clone();
    let request = body.read()?;
    let flow_code = request.flow_code.to_string();
    let wanted = UpdateFlow {
        code: request.flow_code,
        base: request.flow_version,
        revision: Revision {
            name: request.flow_name,
            schema: request.form_schema,
            form_code: request.form_code,
            xml: request.bpmn_xml,
        },
    };
    let flow_version = detached(async move {
        usecase::update_flow::update_flow(&ctx, &caller.tenant, &app, wanted).await
    })
    .await?;
    Ok(Reply(FlowVersionOut { flow_code, flow_version }))
}

/// Which version to put online.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct PublishFlowIn {
    #[schema(value_type = String)]
    flow_code: FlowCode,
    /// Absent = the newest.
    flow_version: Option<i32>,
    update_desc: Option<String>,
}

impl Read for PublishFlowIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            flow_code: fields.code("flowCode"),
            flow_version: fields.optional_int("flowVersion", 1..=i32::MAX),
            update_desc: fields.optional_lines("updateDesc", 4_000),
        }
    }
}

/// Puts a version online (E 5.1.3). Everything that cannot be executed is named in `errorDetails`:
/// `{field, elementId, line, code, message}`. Running orders stay on their version; an older version
/// may come back; a repeat is a success.
#[utoipa::path(request_body = PublishFlowIn, responses((status = 200, body = Done)), tag = "flows")]
#[post("/aflow/api/flow/publish")]
pub(crate) async fn publish_flow(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<PublishFlowIn>,
) -> Answer<Done> {
    let app = caller.application()?.clone();
    let request = body.read()?;
    let wanted = PublishFlow {
        code: request.flow_code,
        version: request.flow_version,
        update_desc: request.update_desc,
    };
    detached(async move {
        usecase::publish_flow::publish_flow(&ctx, &caller.tenant, &app, wanted).await
    })
    .await?;
    Ok(Reply(Done::new()))
}
