//! The addresses of task-service.

pub(crate) mod internal;
pub(crate) mod operate;
mod operation_in;
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
    operate::decide_task,
    operate::pass_task,
    operate::reject_task,
    operate::rebut_task,
    operate::transfer_task,
    operate::delegate_task,
    operate::add_sign,
    operate::remove_sign,
    operate::claim_task,
    operate::release_task,
    operate::take_back,
    operate::copy_people,
    operate::urge_people,
    operate::comment_order,
    operate::recall_order,
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
        .service(operate::decide_task)
        .service(operate::pass_task)
        .service(operate::reject_task)
        .service(operate::rebut_task)
        .service(operate::transfer_task)
        .service(operate::delegate_task)
        .service(operate::add_sign)
        .service(operate::remove_sign)
        .service(operate::claim_task)
        .service(operate::release_task)
        .service(operate::take_back)
        .service(operate::copy_people)
        .service(operate::urge_people)
        .service(operate::comment_order)
        .service(operate::recall_order)
        .service(internal::follow_order);
    shared::http::openapi::route(config, Document::openapi());
}
