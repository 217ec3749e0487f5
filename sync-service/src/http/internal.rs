//! What only services of the house may ask.

use actix_web::post;
use actix_web::web::{Data, Json};
use shared::contract::directory::{Resolve, Unknown};
use shared::http::reply::{Answer, Reply};
use shared::http::server::detached;
use shared::identity::Caller;

use crate::usecase;
use crate::usecase::Ctx;

#[post("/internal/directory/resolve")]
pub(crate) async fn resolve_directory(
    ctx: Data<Ctx>,
    caller: Caller,
    body: Json<Resolve>,
) -> Answer<Unknown> {
    caller.require_service()?;
    let wanted = body.into_inner();
    let unknown = detached(async move {
        usecase::resolve_directory::resolve_directory(&ctx, &caller.tenant, wanted).await
    });
    Ok(Reply(unknown.await?))
}
