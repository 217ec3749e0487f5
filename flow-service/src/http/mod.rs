//! The addresses of flow-service.

pub(crate) mod flow;
pub(crate) mod form;
pub(crate) mod internal;
pub(crate) mod third_party;

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

/// The part of the interface description that is written here.
#[derive(OpenApi)]
#[openapi(paths(
    flow::create_flow,
    flow::update_flow,
    flow::publish_flow,
    form::sync_form,
    third_party::create_third_party,
    third_party::online_third_party,
))]
struct Document;

/// The route table.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(flow::create_flow)
        .service(flow::update_flow)
        .service(flow::publish_flow)
        .service(form::sync_form)
        .service(third_party::create_third_party)
        .service(third_party::online_third_party)
        .service(internal::list_online);
    shared::http::openapi::route(config, Document::openapi());
}
