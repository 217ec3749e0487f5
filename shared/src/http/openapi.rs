//! Each service's part of the interface description, made from its handlers.

use actix_web::{HttpResponse, web};
use utoipa::openapi::OpenApi;

/// Where a service shows its part to the gateway, which joins them at `/docs`.
pub const PATH: &str = "/internal/openapi.json";

/// Adds the address.
pub fn route(config: &mut web::ServiceConfig, document: OpenApi) {
    let document = web::Data::new(document);
    config.service(web::resource(PATH).app_data(document).route(web::get().to(show)));
}

async fn show(document: web::Data<OpenApi>) -> HttpResponse {
    HttpResponse::Ok().json(document.get_ref())
}
