//! Administration of how people sign in, for `aiflow-admin`.

use actix_web::web::Data;
use actix_web::{get, post};
use serde::Serialize;
use serde_json::Value;
use shared::http::body::{Body, Query};
use shared::http::fields::{Fields, Read, TEXT_MAX_CHARS};
use shared::http::reply::{Answer, Done, Reply};
use shared::http::server::detached;
use shared::id::{Tenant, UserCode};
use shared::identity::Caller;
use utoipa::{IntoParams, ToSchema};

use crate::domain::application::Secret;
use crate::domain::provider::{Dialect, Endpoint};
use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::list_logins::LoginRow;
use crate::usecase::set_provider::SetProvider;

/// How an enterprise's people sign in.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct SetProviderIn {
    #[schema(value_type = String)]
    enterprise_code: Tenant,
    #[schema(value_type = String)]
    authorize_url: Option<Endpoint>,
    #[schema(value_type = String)]
    token_url: Option<Endpoint>,
    #[schema(value_type = String)]
    userinfo_url: Option<Endpoint>,
    client_id: String,
    /// Absent = the one that is stored.
    client_secret: Option<String>,
    /// Default `basic`.
    scope: Option<String>,
    /// People may be found by e-mail; default false.
    bind_by_email: Option<bool>,
    /// Unknown people are created where their department is known; default false.
    auto_create: Option<bool>,
    /// `json` (as the interface document, default) or `form` (as RFC 6749).
    #[schema(value_type = Option<String>)]
    dialect: Option<Dialect>,
    /// A code challenge is sent along; default true.
    pkce: Option<bool>,
}

impl Read for SetProviderIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            enterprise_code: fields.code("enterpriseCode"),
            authorize_url: fields.parsed("authorizeUrl", Endpoint::parse),
            token_url: fields.parsed("tokenUrl", Endpoint::parse),
            userinfo_url: fields.parsed("userinfoUrl", Endpoint::parse),
            client_id: fields.text("clientId", TEXT_MAX_CHARS),
            client_secret: fields.optional_text("clientSecret", TEXT_MAX_CHARS),
            scope: fields.optional_text("scope", TEXT_MAX_CHARS),
            bind_by_email: fields.optional_flag("bindByEmail"),
            auto_create: fields.optional_flag("autoCreate"),
            dialect: fields.optional_choice("dialect", &Dialect::ALL),
            pkce: fields.optional_flag("pkce"),
        }
    }
}

/// Stores how an enterprise's people sign in, in place of what was there, and switches it on.
#[utoipa::path(request_body = SetProviderIn, responses((status = 200, body = Done)), tag = "admin")]
#[post("/aflow/api/admin/provider")]
pub(crate) async fn set_provider(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<SetProviderIn>,
) -> Answer<Done> {
    caller.require_service()?;
    let request = body.read()?;
    let tenant = request.enterprise_code;
    let addresses = request.authorize_url.zip(request.token_url).zip(request.userinfo_url);
    // All three were read, else the body would have been refused.
    let Some(((authorize_url, token_url), userinfo_url)) = addresses else {
        return Ok(Reply(Done::new()));
    };
    let wanted = SetProvider {
        authorize_url,
        token_url,
        userinfo_url,
        client_id: request.client_id,
        client_secret: request.client_secret.map(Secret::stored),
        scope: request.scope.unwrap_or_else(|| "basic".to_owned()),
        dialect: request.dialect.unwrap_or(Dialect::Json),
        pkce: request.pkce.unwrap_or(true),
        bind_by_email: request.bind_by_email.unwrap_or_default(),
        auto_create: request.auto_create.unwrap_or_default(),
    };
    detached(async move { usecase::set_provider::set_provider(&ctx, &tenant, wanted).await })
        .await?;
    Ok(Reply(Done::new()))
}

/// A provider to switch on or off.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct EnableProviderIn {
    #[schema(value_type = String)]
    enterprise_code: Tenant,
    enabled: bool,
}

impl Read for EnableProviderIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            enterprise_code: fields.code("enterpriseCode"),
            enabled: fields.optional_flag("enabled").unwrap_or(true),
        }
    }
}

/// Switches an enterprise's sign-in on or off; whoever is signed in stays so.
#[utoipa::path(request_body = EnableProviderIn, responses((status = 200, body = Done)), tag = "admin")]
#[post("/aflow/api/admin/provider/enable")]
pub(crate) async fn enable_provider(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<EnableProviderIn>,
) -> Answer<Done> {
    caller.require_service()?;
    let request = body.read()?;
    detached(async move {
        let tenant = request.enterprise_code;
        usecase::set_provider::enable_provider(&ctx, &tenant, request.enabled).await
    })
    .await?;
    Ok(Reply(Done::new()))
}

/// Which enterprise.
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
pub(crate) struct EnterpriseIn {
    #[param(value_type = String)]
    enterprise_code: Tenant,
}

impl Read for EnterpriseIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { enterprise_code: fields.code("enterpriseCode") }
    }
}

/// How an enterprise's people sign in, without the secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProviderOut {
    enterprise_code: String,
    authorize_url: String,
    token_url: String,
    userinfo_url: String,
    client_id: String,
    scope: String,
    dialect: &'static str,
    pkce: bool,
    bind_by_email: bool,
    auto_create: bool,
    /// Both it and the enterprise are switched on.
    enabled: bool,
}

/// Shows how an enterprise's people sign in.
#[utoipa::path(params(EnterpriseIn), responses((status = 200, body = ProviderOut)), tag = "admin")]
#[get("/aflow/api/admin/provider")]
pub(crate) async fn show_provider(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<EnterpriseIn>,
) -> Answer<ProviderOut> {
    caller.require_service()?;
    let tenant = query.read()?.enterprise_code;
    let provider =
        detached(async move { usecase::show_provider::show_provider(&ctx, &tenant).await }).await?;
    Ok(Reply(ProviderOut {
        enterprise_code: provider.tenant.to_string(),
        authorize_url: provider.authorize_url.as_str().to_owned(),
        token_url: provider.token_url.as_str().to_owned(),
        userinfo_url: provider.userinfo_url.as_str().to_owned(),
        client_id: provider.client_id,
        scope: provider.scope,
        dialect: provider.dialect.as_str(),
        pkce: provider.pkce,
        bind_by_email: provider.bind_by_email,
        auto_create: provider.auto_create,
        enabled: provider.enabled,
    }))
}

/// Which attempts are wanted.
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
pub(crate) struct ListLoginsIn {
    #[param(value_type = String)]
    enterprise_code: Tenant,
    /// Only those that came to nothing.
    problems: Option<bool>,
    /// At most 100; default 20.
    size: Option<i32>,
}

impl Read for ListLoginsIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            enterprise_code: fields.code("enterpriseCode"),
            problems: fields.optional_flag("problems"),
            size: fields.optional_int("size", 1..=100),
        }
    }
}

/// What became of an attempt to sign in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoginOut {
    at: String,
    /// The person; `-` where nobody was found.
    user_code: String,
    /// `login.finished`, `login.created`, `login.refused`, `login.ambiguous`.
    outcome: String,
    request_id: Option<String>,
    /// The reason, who fits, the way of signing in.
    #[schema(value_type = Object)]
    detail: Value,
}

/// The newest attempts to sign in.
#[derive(Serialize, ToSchema)]
pub(crate) struct LoginsOut {
    rows: Vec<LoginOut>,
}

/// Lists the newest attempts to sign in, or those that came to nothing.
#[utoipa::path(params(ListLoginsIn), responses((status = 200, body = LoginsOut)), tag = "admin")]
#[get("/aflow/api/admin/logins")]
pub(crate) async fn list_logins(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<ListLoginsIn>,
) -> Answer<LoginsOut> {
    caller.require_service()?;
    let request = query.read()?;
    let rows = detached(async move {
        let (tenant, size) = (request.enterprise_code, request.size.unwrap_or(20));
        if request.problems.unwrap_or_default() {
            usecase::list_logins::list_problems(&ctx, &tenant, size).await
        } else {
            usecase::list_logins::list_logins(&ctx, &tenant, size).await
        }
    })
    .await?;
    let out = |row: LoginRow| LoginOut {
        at: shared::time::format(row.at),
        user_code: row.actor,
        outcome: row.action,
        request_id: row.request_id,
        detail: row.detail,
    };
    Ok(Reply(LoginsOut { rows: rows.into_iter().map(out).collect() }))
}

/// The key that signs from now on.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeyOut {
    kid: String,
}

/// Gives the house a new key to sign sessions with; the old one is believed until its tokens end.
#[utoipa::path(responses((status = 200, body = KeyOut)), tag = "admin")]
#[post("/aflow/api/admin/session/rotate-key")]
pub(crate) async fn rotate_key(ctx: Data<Ctx>, caller: Caller) -> Answer<KeyOut> {
    caller.require_service()?;
    let kid = detached(async move { usecase::rotate_key::rotate_key(&ctx).await }).await?;
    Ok(Reply(KeyOut { kid }))
}

/// Whose.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct PersonIn {
    #[schema(value_type = String)]
    enterprise_code: Tenant,
    #[schema(value_type = String)]
    user_code: UserCode,
}

impl Read for PersonIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { enterprise_code: fields.code("enterpriseCode"), user_code: fields.code("userCode") }
    }
}

/// How many there were.
#[derive(Serialize, ToSchema)]
pub(crate) struct CountOut {
    count: usize,
}

/// Ends all sessions of a person.
#[utoipa::path(request_body = PersonIn, responses((status = 200, body = CountOut)), tag = "admin")]
#[post("/aflow/api/admin/session/end")]
pub(crate) async fn end_sessions_of(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<PersonIn>,
) -> Answer<CountOut> {
    caller.require_service()?;
    let request = body.read()?;
    let count = detached(async move {
        let (tenant, user) = (request.enterprise_code, request.user_code);
        usecase::end_session::end_sessions_of(&ctx, &tenant, &user).await
    });
    Ok(Reply(CountOut { count: count.await? }))
}

/// Forgets whom sign-ins were bound to a person; the next one decides anew.
#[utoipa::path(request_body = PersonIn, responses((status = 200, body = CountOut)), tag = "admin")]
#[post("/aflow/api/admin/binding/forget")]
pub(crate) async fn forget_binding(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Body<PersonIn>,
) -> Answer<CountOut> {
    caller.require_service()?;
    let request = body.read()?;
    let count = detached(async move {
        let (tenant, user) = (request.enterprise_code, request.user_code);
        usecase::forget_binding::forget_binding(&ctx, &tenant, &user).await
    });
    Ok(Reply(CountOut { count: count.await? }))
}
