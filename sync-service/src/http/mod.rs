//! The addresses of sync-service.

pub(crate) mod directory;
pub(crate) mod internal;

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

/// The part of the interface description that is written here.
#[derive(OpenApi)]
#[openapi(paths(
    directory::sync_departments,
    directory::sync_users,
    directory::bind_user,
    directory::show_department_tree,
    directory::list_users,
))]
struct Document;

/// The route table.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(directory::sync_departments)
        .service(directory::sync_users)
        .service(directory::bind_user)
        .service(directory::show_department_tree)
        .service(directory::list_users)
        .service(internal::resolve_directory)
        .service(internal::find_people)
        .service(internal::match_people);
    shared::http::openapi::route(config, Document::openapi());
}
