//! Our flows and orders in the words of the contract.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use shared::contract::flow::FlowPublished;
use shared::contract::order::{
    Attachment, ClosedWork, CopiedTo, OpenedWork, Operated, OrderAdvanced, OrderFinished, Place,
    ServiceCall, TakeBack, Why,
};
use shared::id::{AppId, FlowCode, Tenant};

use crate::domain::approval::Pick;
use crate::domain::order::{self, wire_id};
use crate::domain::run::{Closed, Copied, Finished, Moved, News, Opened, Operation, RowKey, Said};
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
pub(crate) fn order_advanced(
    moved: &Moved,
    names: &BTreeMap<(FlowCode, i32), String>,
    at: DateTime<Utc>,
) -> Vec<OrderAdvanced> {
    let fact = |(run, news): (&u32, &News)| {
        let order = moved.run.orders.get(run)?;
        let head = &moved.run.head;
        let name = names.get(&(order.flow.clone(), order.version));
        Some(OrderAdvanced {
            tenant: moved.run.tenant.to_string(),
            app: head.app.to_string(),
            order_id: order.id,
            parent_order_id: order.parent,
            business_key: head.business_key.clone(),
            flow_code: order.flow.to_string(),
            flow_name: name.cloned().unwrap_or_default(),
            flow_version: order.version,
            title: head.title.clone(),
            running_number: head.running_number.clone(),
            initiator: head.initiator.clone(),
            seq: order.told,
            at: at.to_rfc3339(),
            started: news.started.as_ref().map(place),
            opened: news.opened.iter().map(|(key, it)| opened_work(order.id, key, it)).collect(),
            closed: news.closed.iter().map(|(key, it)| closed_work(order.id, key, it)).collect(),
            operations: news.operations.iter().map(|it| operated(moved, order.id, it)).collect(),
            copies: news.copies.iter().map(copied).collect(),
            voided: news.voided.iter().map(|key| task_id(order.id, key)).collect(),
            take_back: news
                .take_back
                .iter()
                .map(|(key, user)| TakeBack {
                    task_id: task_id(order.id, key),
                    user_code: user.clone(),
                })
                .collect(),
            initiator_actions: news.initiator_actions.iter().map(|it| (*it).to_owned()).collect(),
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
        })
    };
    moved.news.iter().filter_map(fact).collect()
}

fn task_id(order: i64, key: &RowKey) -> String {
    wire_id(order, key.0, key.1)
}

fn place(place: &order::Place) -> Place {
    Place { activity_id: place.node.clone(), activity_name: place.name.clone() }
}

fn opened_work(order: i64, key: &RowKey, opened: &Opened) -> OpenedWork {
    let why = |pick: &Pick| Why {
        user_code: pick.user.clone(),
        on_behalf_of: pick.on_behalf_of.clone(),
        rule: pick.rule.clone(),
        chain: pick.chain.clone(),
    };
    OpenedWork {
        task_id: task_id(order, key),
        place: place(&opened.task.place()),
        assignees: opened.people.clone(),
        due_at: opened.task.due.map(|due| due.to_rfc3339()),
        actions: opened.actions.iter().map(|it| (*it).to_owned()).collect(),
        why: opened.why.iter().map(why).collect(),
    }
}

fn attachments(said: &Said) -> Vec<Attachment> {
    let attachment =
        |(name, url): &(String, String)| Attachment { name: name.clone(), url: url.clone() };
    said.attachments.iter().map(attachment).collect()
}

fn closed_work(order: i64, key: &RowKey, closed: &Closed) -> ClosedWork {
    ClosedWork {
        task_id: task_id(order, key),
        place: place(&closed.task.place()),
        result: closed.result.to_owned(),
        handler: closed.handler.clone(),
        on_behalf_of: closed.on_behalf_of.clone(),
        comment: closed.said.comment.clone(),
        attachments: attachments(&closed.said),
        form_data: closed.form_data.clone(),
    }
}

fn operated(moved: &Moved, order: i64, operation: &Operation) -> Operated {
    let since = || {
        let (wait, row) = operation.row?;
        let task = moved.run.task(wait)?;
        task.approval.as_ref()?.seat(task.row(row)?.seat)?.opened_at
    };
    Operated {
        task_id: operation.row.as_ref().map(|key| task_id(order, key)),
        place: place(&operation.place),
        action: operation.action.to_owned(),
        user_code: operation.user.clone(),
        on_behalf_of: operation.on_behalf_of.clone(),
        comment: operation.said.comment.clone(),
        people: operation.people.clone(),
        attachments: attachments(&operation.said),
        count: operation.count,
        waiting_since: operation.count.and_then(|_| since()).map(|at| at.to_rfc3339()),
    }
}

fn copied(copied: &Copied) -> CopiedTo {
    CopiedTo {
        people: copied.people.clone(),
        by: copied.by.clone(),
        comment: copied.comment.clone(),
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
