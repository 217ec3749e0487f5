//! `/aflow/api/form/sync`: forms of the ERP.

use actix_web::post;
use actix_web::web::Data;
use serde_json::Value;
use shared::fault::Mistake;
use shared::http::body::Body;
use shared::http::fields::{Fields, Read, TEXT_MAX_CHARS};
use shared::http::reply::{Answer, Done, Reply};
use shared::http::server::detached;
use shared::id::CODE_MAX_CHARS;
use shared::identity::Caller;
use utoipa::ToSchema;

use super::flow::read_schema;
use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::sync_form::{Form, SyncForm};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Create,
    Update,
    Delete,
}

/// A form.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct SyncFormIn {
    form_code: String,
    form_name: String,
    /// Not needed to delete.
    #[schema(value_type = Object)]
    form_schema: Value,
    /// `CREATE`, `UPDATE` or `DELETE`.
    #[schema(value_type = String)]
    sync_type: Option<Action>,
}

impl Read for SyncFormIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        let words =
            [("CREATE", Action::Create), ("UPDATE", Action::Update), ("DELETE", Action::Delete)];
        let sync_type = fields.choice("syncType", &words);
        let is_needed = sync_type != Some(Action::Delete);
        let form_schema = if is_needed { read_schema(fields) } else { None };
        if is_needed && !fields.has("formSchema") {
            fields.refuse("formSchema", Mistake::Malformed, "不能为空");
        }
        let form_name = match is_needed {
            true => fields.text("formName", TEXT_MAX_CHARS),
            false => fields.optional_text("formName", TEXT_MAX_CHARS).unwrap_or_default(),
        };
        Self {
            form_code: fields.text("formCode", CODE_MAX_CHARS),
            form_name,
            form_schema: form_schema.unwrap_or_default(),
            sync_type,
        }
    }
}

/// Keeps a form as the ERP has it (E 5.2). Creating it again with the same schema is a success; a form
/// that an online flow uses is not deleted, and running orders keep their copy.
#[utoipa::path(request_body = SyncFormIn, responses((status = 200, body = Done)), tag = "flows")]
#[post("/aflow/api/form/sync")]
pub(crate) async fn sync_form(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<SyncFormIn>,
) -> Answer<Done> {
    let app = caller.application()?.clone();
    let request = body.read()?;
    let form =
        Form { app, code: request.form_code, name: request.form_name, schema: request.form_schema };
    let wanted = match request.sync_type {
        Some(Action::Create) => SyncForm::Create(form),
        Some(Action::Update) => SyncForm::Update(form),
        Some(Action::Delete) | None => SyncForm::Delete(form),
    };
    detached(async move { usecase::sync_form::sync_form(&ctx, &caller.tenant, wanted).await })
        .await?;
    Ok(Reply(Done::new()))
}
