//! What only services of the house may ask.

use actix_web::post;
use actix_web::web::{Data, Json};
use shared::contract::access::{DingtalkAccess, NonceUsed, Refused, UseNonce, WantDingtalk};
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
