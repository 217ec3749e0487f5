//! The addresses of flow-service.

pub(crate) mod absence;
pub(crate) mod calendar;
pub(crate) mod flow;
pub(crate) mod form;
pub(crate) mod handover;
pub(crate) mod incidents;
pub(crate) mod internal;
pub(crate) mod order;
pub(crate) mod path;
pub(crate) mod third_party;
pub(crate) mod verify;

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

/// The part of the interface description that is written here.
#[derive(OpenApi)]
#[openapi(paths(
    flow::create_flow,
    flow::update_flow,
    flow::publish_flow,
    form::sync_form,
    order::start_order,
    order::cancel_order,
    order::list_open_tasks,
    order::show_variables,
    order::set_variables,
    order::show_history,
    order::send_message,
    order::send_signal,
    path::list_return_targets,
    path::forecast_order,
    absence::list_absences,
    absence::set_absence,
    absence::cancel_absence,
    handover::hand_over,
    incidents::list_incidents,
    incidents::retry_incident,
    calendar::show_calendar,
    calendar::set_calendar,
    verify::verify_order,
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
        .service(order::start_order)
        .service(order::cancel_order)
        .service(order::list_open_tasks)
        .service(order::show_variables)
        .service(order::set_variables)
        .service(order::show_history)
        .service(order::send_message)
        .service(order::send_signal)
        .service(path::list_return_targets)
        .service(path::forecast_order)
        .service(absence::list_absences)
        .service(absence::set_absence)
        .service(absence::cancel_absence)
        .service(handover::hand_over)
        .service(incidents::list_incidents)
        .service(incidents::retry_incident)
        .service(calendar::show_calendar)
        .service(calendar::set_calendar)
        .service(verify::verify_order)
        .service(third_party::create_third_party)
        .service(third_party::online_third_party)
        .service(internal::list_online)
        .service(internal::operate_task);
    shared::http::openapi::route(config, Document::openapi());
}
