//! The addresses of sso-service.

pub(crate) mod admin;
pub(crate) mod internal;

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

/// The part of the interface description that is written here.
#[derive(OpenApi)]
#[openapi(paths(
    admin::create_enterprise,
    admin::enable_enterprise,
    admin::create_application,
    admin::rotate_secret,
    admin::change_application,
    admin::list_applications,
    admin::set_dingtalk,
))]
struct Document;

/// The route table.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(internal::show_credential)
        .service(internal::use_nonce)
        .service(internal::record_refusals)
        .service(internal::issue_dingtalk_token)
        .service(admin::create_enterprise)
        .service(admin::enable_enterprise)
        .service(admin::create_application)
        .service(admin::rotate_secret)
        .service(admin::change_application)
        .service(admin::list_applications)
        .service(admin::set_dingtalk);
    shared::http::openapi::route(config, Document::openapi());
}
