//! Our flows and orders in the words of the contract.

use chrono::{DateTime, Utc};
use shared::contract::flow::FlowPublished;
use shared::contract::order::{
    ClosedWork, OpenedWork, OrderAdvanced, OrderFinished, Place, ServiceCall,
};
use shared::id::{AppId, FlowCode, Tenant};

use crate::domain::order::{self, wire_id};
use crate::domain::run::{Closed, Finished, Moved, News, Task};
use crate::domain::third_party::Content;
use crate::domain::version::Version;

/// A version that is online now.
pub(crate) fn flow_published(
    tenant: &Tenant,
    app: &AppId,
    code: &FlowCode,
    online: &Version<Content>,
    revision: i64,
) -> FlowPublished {
    FlowPublished {
        tenant: tenant.to_string(),
        app: app.to_string(),
        flow_code: code.to_string(),
        version: online.number,
        title: online.content.title.clone(),
        detail_web_url: online.content.detail.web.clone(),
        detail_h5_url: online.content.detail.h5.clone(),
        revision,
    }
}

/// What a step made true: one fact for each order that it moved, callers first.
pub(crate) fn order_advanced(moved: &Moved, at: DateTime<Utc>) -> Vec<OrderAdvanced> {
    let fact = |(run, news): (&u32, &News)| {
        let order = moved.run.orders.get(run)?;
        let head = &moved.run.head;
        let opened = |(wait, task): &(u64, Task)| opened_work(order.id, *wait, task);
        let closed = |(wait, closed): &(u64, Closed)| closed_work(order.id, *wait, closed);
        Some(OrderAdvanced {
            tenant: moved.run.tenant.to_string(),
            app: head.app.to_string(),
            order_id: order.id,
            parent_order_id: order.parent,
            business_key: head.business_key.clone(),
            flow_code: order.flow.to_string(),
            flow_version: order.version,
            title: head.title.clone(),
            running_number: head.running_number.clone(),
            initiator: head.initiator.clone(),
            seq: order.told,
            at: at.to_rfc3339(),
            started: news.started.as_ref().map(place),
            opened: news.opened.iter().map(opened).collect(),
            closed: news.closed.iter().map(closed).collect(),
            calls: news
                .calls
                .iter()
                .map(|call| ServiceCall {
                    call_id: call.id.clone(),
                    place: place(&call.place),
                    address: call.address.clone(),
                    body: call.body.clone(),
                })
                .collect(),
            dropped_calls: news.dropped.clone(),
            finished: news.finished.as_ref().map(finished),
            form_data: news.form_data.clone(),
            variables: news.variables.clone(),
            ..OrderAdvanced::default()
        })
    };
    moved.news.iter().filter_map(fact).collect()
}

fn place(place: &order::Place) -> Place {
    Place { activity_id: place.node.clone(), activity_name: place.name.clone() }
}

fn place_of(task: &Task) -> Place {
    Place { activity_id: task.node.clone(), activity_name: task.name.clone() }
}

fn opened_work(order: i64, wait: u64, task: &Task) -> OpenedWork {
    OpenedWork {
        task_id: wire_id(order, wait),
        place: place_of(task),
        assignees: task.assignees.clone(),
        due_at: task.due.map(|due| due.to_rfc3339()),
        ..OpenedWork::default()
    }
}

fn closed_work(order: i64, wait: u64, closed: &Closed) -> ClosedWork {
    ClosedWork {
        task_id: wire_id(order, wait),
        place: place_of(&closed.task),
        result: closed.result.to_owned(),
        handler: closed.handler.clone(),
        comment: closed.comment.clone(),
        form_data: closed.form_data.clone(),
        ..ClosedWork::default()
    }
}

fn finished(finished: &Finished) -> OrderFinished {
    OrderFinished {
        result: finished.ending.word().to_owned(),
        place: Place {
            activity_id: finished.last.node.clone(),
            activity_name: finished.last.name.clone(),
        },
        task_id: finished.last.task.clone(),
        handler: finished.last.handler.clone(),
        reason: finished.reason.clone(),
    }
}
