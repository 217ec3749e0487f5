//! What only services of the house may ask.

use actix_web::web::{Data, Json};
use actix_web::{get, post};
use shared::contract::access::{DingtalkAccess, NonceUsed, Refused, UseNonce, WantDingtalk};
use shared::contract::session::{SessionState, TokenKeys};
use shared::http::body::Query;
use shared::http::fields::{Fields, Read, TEXT_MAX_CHARS};
use shared::http::reply::{Answer, Done, Reply};
use shared::http::server::detached;
use shared::id::AppId;
use shared::identity::Caller;

use crate::usecase;
use crate::usecase::Ctx;

/// Which application a credential is wanted for.
#[derive(serde::Deserialize)]
struct ShowCredentialIn {
    app: String,
}

#[post("/internal/credential")]
pub(crate) async fn show_credential(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Json<ShowCredentialIn>,
) -> Answer<Option<shared::contract::access::Credential>> {
    caller.require_service()?;
    let app = AppId::stored(body.into_inner().app);
    let shown = detached(async move {
        usecase::show_credential::show_credential(&ctx, &caller.tenant, &app).await
    });
    Ok(Reply(shown.await?))
}

#[post("/internal/nonce")]
pub(crate) async fn use_nonce(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Json<UseNonce>,
) -> Answer<NonceUsed> {
    caller.require_service()?;
    let UseNonce { app, nonce } = body.into_inner();
    let app = AppId::stored(app);
    let fresh =
        detached(
            async move { usecase::use_nonce::use_nonce(&ctx, &caller.tenant, &app, &nonce).await },
        );
    Ok(Reply(NonceUsed { fresh: fresh.await? }))
}

#[post("/internal/refusals")]
pub(crate) async fn record_refusals(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Json<Vec<Refused>>,
) -> Answer<Done> {
    caller.require_service()?;
    let refusals = body.into_inner();
    detached(async move { usecase::record_refusals::record_refusals(&ctx, refusals).await })
        .await?;
    Ok(Reply(Done::new()))
}

#[post("/internal/dingtalk")]
pub(crate) async fn issue_dingtalk_token(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Json<WantDingtalk>,
) -> Answer<DingtalkAccess> {
    caller.require_service()?;
    let stale = body.into_inner().stale;
    let access = detached(async move {
        usecase::issue_dingtalk_token::issue_dingtalk_token(&ctx, &caller.tenant, stale.as_deref())
            .await
    });
    Ok(Reply(DingtalkAccess { access: access.await? }))
}

/// What gateways check tokens with.
#[get("/internal/session/keys")]
pub(crate) async fn show_keys(ctx: Data<Ctx>, caller: Caller) -> Answer<TokenKeys> {
    caller.require_service()?;
    let keys = detached(async move { usecase::use_keys::fresh_keys(&ctx).await }).await?;
    Ok(Reply(keys.public.clone()))
}

/// Which session is asked about.
pub(crate) struct ShowSessionIn {
    id: String,
}

impl Read for ShowSessionIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { id: fields.text("id", TEXT_MAX_CHARS) }
    }
}

/// Whether a session of the caller's enterprise stands.
#[get("/internal/session")]
pub(crate) async fn show_session(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<ShowSessionIn>,
) -> Answer<SessionState> {
    caller.require_service()?;
    let id = query.read()?.id;
    let active =
        detached(
            async move { usecase::verify_session::show_session(&ctx, &caller.tenant, &id).await },
        );
    Ok(Reply(SessionState { active: active.await? }))
}
