//! Administration of enterprises, applications and their DingTalk application, for `aiflow-admin`.

use actix_web::web::Data;
use actix_web::{get, post};
use serde::Serialize;
use shared::http::body::Body;
use shared::http::fields::{Fields, Read, TEXT_MAX_CHARS};
use shared::http::reply::{Answer, Done, Reply};
use shared::http::server::detached;
use shared::id::{AppId, Tenant};
use shared::identity::Caller;
use utoipa::ToSchema;

use crate::domain::application::{Secret, Switches};
use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::change_application::ChangeApplication;
use crate::usecase::create_application::CreateApplication;
use crate::usecase::set_dingtalk::DingtalkApp;

/// An enterprise to create or name.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct CreateEnterpriseIn {
    #[schema(value_type = String)]
    enterprise_code: Tenant,
    name: String,
}

impl Read for CreateEnterpriseIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            enterprise_code: fields.code("enterpriseCode"),
            name: fields.text("name", TEXT_MAX_CHARS),
        }
    }
}

/// Creates an enterprise; creating it again gives it the name.
#[utoipa::path(request_body = CreateEnterpriseIn, responses((status = 200, body = Done)), tag = "admin")]
#[post("/aflow/api/admin/enterprise")]
pub(crate) async fn create_enterprise(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<CreateEnterpriseIn>,
) -> Answer<Done> {
    caller.require_service()?;
    let request = body.read()?;
    detached(async move {
        usecase::create_enterprise::create_enterprise(&ctx, &request.enterprise_code, &request.name)
            .await
    })
    .await?;
    Ok(Reply(Done::new()))
}

/// An enterprise to switch on or off.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct EnableEnterpriseIn {
    #[schema(value_type = String)]
    enterprise_code: Tenant,
    enabled: bool,
}

impl Read for EnableEnterpriseIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            enterprise_code: fields.code("enterpriseCode"),
            enabled: fields.optional_flag("enabled").unwrap_or(true),
        }
    }
}

/// Switches an enterprise, and with it all its applications, on or off.
#[utoipa::path(request_body = EnableEnterpriseIn, responses((status = 200, body = Done)), tag = "admin")]
#[post("/aflow/api/admin/enterprise/enable")]
pub(crate) async fn enable_enterprise(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<EnableEnterpriseIn>,
) -> Answer<Done> {
    caller.require_service()?;
    let request = body.read()?;
    detached(async move {
        let tenant = request.enterprise_code;
        usecase::create_enterprise::enable_enterprise(&ctx, &tenant, request.enabled).await
    })
    .await?;
    Ok(Reply(Done::new()))
}

/// An application to create.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct CreateApplicationIn {
    #[schema(value_type = String)]
    enterprise_code: Tenant,
    #[schema(value_type = String)]
    app_id: AppId,
    name: String,
    /// A secret chosen outside; absent = one is made.
    app_secret: Option<String>,
    accept_v0: Option<bool>,
    require_timestamp: Option<bool>,
    any_order: Option<bool>,
}

impl Read for CreateApplicationIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            enterprise_code: fields.code("enterpriseCode"),
            app_id: fields.code("appId"),
            name: fields.text("name", TEXT_MAX_CHARS),
            app_secret: fields
                .optional_parsed("appSecret", Secret::parse)
                .map(|secret| secret.expose().to_owned()),
            accept_v0: fields.optional_flag("acceptV0"),
            require_timestamp: fields.optional_flag("requireTimestamp"),
            any_order: fields.optional_flag("anyOrder"),
        }
    }
}

/// A secret, shown for the only time.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SecretOut {
    app_secret: String,
}

/// Creates an application; its secret is in this answer and nowhere else.
#[utoipa::path(request_body = CreateApplicationIn, responses((status = 200, body = SecretOut)), tag = "admin")]
#[post("/aflow/api/admin/application")]
pub(crate) async fn create_application(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<CreateApplicationIn>,
) -> Answer<SecretOut> {
    caller.require_service()?;
    let request = body.read()?;
    let secret = detached(async move {
        let tenant = request.enterprise_code;
        let wanted = CreateApplication {
            app: request.app_id,
            name: request.name,
            secret: request.app_secret.map(Secret::stored),
            switches: Switches {
                accept_v0: request.accept_v0.unwrap_or_default(),
                require_timestamp: request.require_timestamp.unwrap_or_default(),
                any_order: request.any_order.unwrap_or_default(),
            },
        };
        usecase::create_application::create_application(&ctx, &tenant, wanted).await
    })
    .await?;
    Ok(Reply(SecretOut { app_secret: secret.expose().to_owned() }))
}

/// Whose secret to rotate.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct RotateSecretIn {
    #[schema(value_type = String)]
    enterprise_code: Tenant,
    #[schema(value_type = String)]
    app_id: AppId,
    /// Hours for which the old secret stays good; default 24.
    overlap_hours: i32,
}

impl Read for RotateSecretIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            enterprise_code: fields.code("enterpriseCode"),
            app_id: fields.code("appId"),
            overlap_hours: fields.optional_int("overlapHours", 0..=720).unwrap_or(24),
        }
    }
}

/// Gives an application a new secret; both are good during the overlap.
#[utoipa::path(request_body = RotateSecretIn, responses((status = 200, body = SecretOut)), tag = "admin")]
#[post("/aflow/api/admin/application/rotate")]
pub(crate) async fn rotate_secret(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<RotateSecretIn>,
) -> Answer<SecretOut> {
    caller.require_service()?;
    let request = body.read()?;
    let secret = detached(async move {
        let (tenant, app) = (request.enterprise_code, request.app_id);
        usecase::rotate_secret::rotate_secret(&ctx, &tenant, &app, request.overlap_hours.into())
            .await
    })
    .await?;
    Ok(Reply(SecretOut { app_secret: secret.expose().to_owned() }))
}

/// What to change of an application; absent = as it is.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ChangeApplicationIn {
    #[schema(value_type = String)]
    enterprise_code: Tenant,
    #[schema(value_type = String)]
    app_id: AppId,
    enabled: Option<bool>,
    accept_v0: Option<bool>,
    require_timestamp: Option<bool>,
    any_order: Option<bool>,
}

impl Read for ChangeApplicationIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            enterprise_code: fields.code("enterpriseCode"),
            app_id: fields.code("appId"),
            enabled: fields.optional_flag("enabled"),
            accept_v0: fields.optional_flag("acceptV0"),
            require_timestamp: fields.optional_flag("requireTimestamp"),
            any_order: fields.optional_flag("anyOrder"),
        }
    }
}

/// Turns an application and its switches on or off.
#[utoipa::path(request_body = ChangeApplicationIn, responses((status = 200, body = Done)), tag = "admin")]
#[post("/aflow/api/admin/application/change")]
pub(crate) async fn change_application(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<ChangeApplicationIn>,
) -> Answer<Done> {
    caller.require_service()?;
    let request = body.read()?;
    detached(async move {
        let (tenant, app) = (request.enterprise_code, request.app_id);
        let wanted = ChangeApplication {
            enabled: request.enabled,
            accept_v0: request.accept_v0,
            require_timestamp: request.require_timestamp,
            any_order: request.any_order,
        };
        usecase::change_application::change_application(&ctx, &tenant, &app, wanted).await
    })
    .await?;
    Ok(Reply(Done::new()))
}

/// Enterprises and applications, without secrets.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListOut {
    enterprises: Vec<EnterpriseOut>,
    applications: Vec<ApplicationOut>,
}

/// An enterprise.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EnterpriseOut {
    enterprise_code: String,
    name: String,
    enabled: bool,
}

/// An application.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApplicationOut {
    enterprise_code: String,
    app_id: String,
    name: String,
    enabled: bool,
    accept_v0: bool,
    require_timestamp: bool,
    any_order: bool,
    /// Until when the previous secret is good.
    previous_until: Option<String>,
}

/// Lists everything.
#[utoipa::path(responses((status = 200, body = ListOut)), tag = "admin")]
#[get("/aflow/api/admin/applications")]
pub(crate) async fn list_applications(ctx: Data<Ctx>, caller: Caller) -> Answer<ListOut> {
    caller.require_service()?;
    let now = ctx.clock.now();
    let (enterprises, applications) =
        detached(async move { usecase::list_applications::list_applications(&ctx).await }).await?;
    let enterprises = enterprises.into_iter().map(|row| EnterpriseOut {
        enterprise_code: row.code,
        name: row.name,
        enabled: row.enabled,
    });
    let applications = applications.into_iter().map(|row| ApplicationOut {
        enterprise_code: row.tenant,
        app_id: row.app_id,
        name: row.name,
        enabled: row.enabled,
        accept_v0: row.accept_v0,
        require_timestamp: row.require_timestamp,
        any_order: row.any_order,
        previous_until: row.previous_until.filter(|until| *until > now).map(shared::time::format),
    });
    Ok(Reply(ListOut { enterprises: enterprises.collect(), applications: applications.collect() }))
}

/// An enterprise's DingTalk application.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct SetDingtalkIn {
    #[schema(value_type = String)]
    enterprise_code: Tenant,
    app_key: String,
    app_secret: String,
    agent_id: i64,
    corp_id: String,
    /// Default `https://oapi.dingtalk.com`.
    oapi_url: Option<String>,
    /// Default `https://api.dingtalk.com`.
    api_url: Option<String>,
    /// Where people sign in; default `https://login.dingtalk.com`.
    login_url: Option<String>,
}

impl Read for SetDingtalkIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            enterprise_code: fields.code("enterpriseCode"),
            app_key: fields.text("appKey", TEXT_MAX_CHARS),
            app_secret: fields.text("appSecret", TEXT_MAX_CHARS),
            agent_id: fields.long("agentId"),
            corp_id: fields.text("corpId", TEXT_MAX_CHARS),
            oapi_url: fields.optional_text("oapiUrl", TEXT_MAX_CHARS),
            api_url: fields.optional_text("apiUrl", TEXT_MAX_CHARS),
            login_url: fields.optional_text("loginUrl", TEXT_MAX_CHARS),
        }
    }
}

/// Stores an enterprise's DingTalk application.
#[utoipa::path(request_body = SetDingtalkIn, responses((status = 200, body = Done)), tag = "admin")]
#[post("/aflow/api/admin/dingtalk")]
pub(crate) async fn set_dingtalk(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<SetDingtalkIn>,
) -> Answer<Done> {
    caller.require_service()?;
    let request = body.read()?;
    detached(async move {
        let tenant = request.enterprise_code;
        let app = DingtalkApp {
            app_key: request.app_key,
            app_secret: request.app_secret,
            agent_id: request.agent_id,
            corp_id: request.corp_id,
            oapi_url: request.oapi_url.unwrap_or_else(|| "https://oapi.dingtalk.com".to_owned()),
            api_url: request.api_url.unwrap_or_else(|| "https://api.dingtalk.com".to_owned()),
            login_url: request.login_url.unwrap_or_else(|| "https://login.dingtalk.com".to_owned()),
        };
        usecase::set_dingtalk::set_dingtalk(&ctx, &tenant, app).await
    })
    .await?;
    Ok(Reply(Done::new()))
}
