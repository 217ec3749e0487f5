//! The addresses of notify-service.

pub(crate) mod deliveries;
pub(crate) mod endpoints;
pub(crate) mod internal;
pub(crate) mod pushes;

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

/// The part of the interface description that is written here.
#[derive(OpenApi)]
#[openapi(paths(
    deliveries::list_deliveries,
    deliveries::show_delivery,
    deliveries::replay_deliveries,
    endpoints::set_endpoint,
    endpoints::list_endpoints,
    endpoints::pause_endpoint,
    endpoints::resume_endpoint,
    pushes::list_pushes,
    pushes::show_push,
    pushes::replay_pushes,
    pushes::skip_push
))]
struct Document;

/// The route table.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(deliveries::list_deliveries)
        .service(deliveries::show_delivery)
        .service(deliveries::replay_deliveries)
        .service(endpoints::set_endpoint)
        .service(endpoints::list_endpoints)
        .service(endpoints::pause_endpoint)
        .service(endpoints::resume_endpoint)
        .service(pushes::list_pushes)
        .service(pushes::show_push)
        .service(pushes::replay_pushes)
        .service(pushes::skip_push)
        .service(internal::count_deliveries);
    shared::http::openapi::route(config, Document::openapi());
}
