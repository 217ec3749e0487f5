//! What only services of the house may ask.

use actix_web::post;
use actix_web::web::{Data, Json};
use shared::contract::flow::{FlowPublished, ListOnline};
use shared::http::reply::{Answer, Reply};
use shared::http::server::detached;
use shared::id::AppId;
use shared::identity::Caller;

use crate::usecase;
use crate::usecase::Ctx;

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
