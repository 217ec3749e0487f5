//! The addresses of sso-service.

pub(crate) mod admin;
mod cookies;
pub(crate) mod dingtalk;
pub(crate) mod internal;
pub(crate) mod oauth2;
mod page;
mod params;
pub(crate) mod session;
pub(crate) mod sign_in;

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

/// The part of the interface description that is written here.
#[derive(OpenApi)]
#[openapi(paths(
    oauth2::start_login,
    oauth2::finish_login,
    oauth2::show_error,
    dingtalk::start_dingtalk,
    dingtalk::finish_dingtalk,
    session::refresh_token,
    session::end_session,
    session::verify_session,
    session::list_keys,
    admin::create_enterprise,
    admin::enable_enterprise,
    admin::create_application,
    admin::rotate_secret,
    admin::change_application,
    admin::list_applications,
    admin::set_dingtalk,
    sign_in::set_provider,
    sign_in::enable_provider,
    sign_in::show_provider,
    sign_in::list_logins,
    sign_in::rotate_key,
    sign_in::end_sessions_of,
    sign_in::forget_binding,
))]
struct Document;

/// The route table.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(oauth2::start_login)
        .service(oauth2::finish_login)
        .service(oauth2::show_error)
        .service(dingtalk::start_dingtalk)
        .service(dingtalk::finish_dingtalk)
        .service(session::refresh_token)
        .service(session::end_session)
        .service(session::verify_session)
        .service(session::list_keys)
        .service(internal::show_keys)
        .service(internal::show_session)
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
        .service(admin::set_dingtalk)
        .service(sign_in::set_provider)
        .service(sign_in::enable_provider)
        .service(sign_in::show_provider)
        .service(sign_in::list_logins)
        .service(sign_in::rotate_key)
        .service(sign_in::end_sessions_of)
        .service(sign_in::forget_binding);
    shared::http::openapi::route(config, Document::openapi());
}
