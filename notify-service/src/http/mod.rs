//! The addresses of notify-service.

pub(crate) mod deliveries;
pub(crate) mod internal;

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

/// The part of the interface description that is written here.
#[derive(OpenApi)]
#[openapi(paths(
    deliveries::list_deliveries,
    deliveries::show_delivery,
    deliveries::replay_deliveries
))]
struct Document;

/// The route table.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(deliveries::list_deliveries)
        .service(deliveries::show_delivery)
        .service(deliveries::replay_deliveries)
        .service(internal::count_deliveries);
    shared::http::openapi::route(config, Document::openapi());
}
