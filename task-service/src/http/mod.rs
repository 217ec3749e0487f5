//! The addresses of task-service.

pub(crate) mod internal;
pub(crate) mod order;
pub(crate) mod snapshot;
pub(crate) mod task;

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

/// The part of the interface description that is written here.
#[derive(OpenApi)]
#[openapi(paths(
    snapshot::sync_task,
    order::check_orders,
    order::record_approval_log,
    order::show_order,
    task::list_todo,
    task::list_done,
    task::list_copies,
    task::list_initiated,
    task::summarize,
    task::mark_read,
    task::decide_task,
))]
struct Document;

/// The route table.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(snapshot::sync_task)
        .service(order::check_orders)
        .service(order::record_approval_log)
        .service(order::show_order)
        .service(task::list_todo)
        .service(task::list_done)
        .service(task::list_copies)
        .service(task::list_initiated)
        .service(task::summarize)
        .service(task::mark_read)
        .service(task::decide_task)
        .service(internal::follow_order);
    shared::http::openapi::route(config, Document::openapi());
}
