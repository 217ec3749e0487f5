//! Our orders in the words of the contract.

use shared::contract::task::{Assignee, ClosedTask, OpenedTask, TasksChanged};

use crate::domain::link::{self, Flow, Values};
use crate::domain::order::{Absorbed, Order};
use crate::domain::status::Source;

/// What a change means for people; nothing when it opened and closed nothing.
pub(crate) fn tasks_changed(
    absorbed: &Absorbed,
    flows: &[Flow],
    public_url: &str,
) -> Option<TasksChanged> {
    if absorbed.opened.is_empty() && absorbed.closed.is_empty() {
        return None;
    }
    let order = &absorbed.order;
    let flow = match order.key.source {
        Source::ThirdParty => flows.iter().find(|flow| Some(&flow.code) == order.flow.as_ref()),
        Source::Native => None,
    };
    let opened = absorbed.opened.iter().filter_map(|(code, people)| {
        let task = order.tasks.get(code)?;
        Some(OpenedTask {
            task_id: code.clone(),
            name: task.name.clone(),
            node_type: task.node_type.word().to_owned(),
            due_at: task.deadline.map(|deadline| deadline.to_rfc3339()),
            assignees: people
                .iter()
                .map(|user| assignee(order, flow, public_url, code, user))
                .collect(),
        })
    });
    let closed = absorbed
        .closed
        .iter()
        .map(|(code, people)| ClosedTask { task_id: code.clone(), users: people.clone() });
    Some(TasksChanged {
        tenant: order.key.tenant.to_string(),
        app: order.key.app.to_string(),
        order_id: order.key.number,
        title: order.title.clone(),
        initiator: order.initiator.clone(),
        business_key: order.business_key.clone(),
        seq: order.seq,
        opened: opened.collect(),
        closed: closed.collect(),
    })
}

fn assignee(
    order: &Order,
    flow: Option<&Flow>,
    public_url: &str,
    task: &str,
    user: &str,
) -> Assignee {
    let values = Values {
        source: order.key.source,
        app: order.key.app.as_str(),
        order: order.key.number,
        business_key: &order.business_key,
        task,
        user,
    };
    let (web_url, h5_url) = match flow {
        Some(flow) => (link::fill(&flow.web_url, values), link::fill(&flow.h5_url, values)),
        None => (link::own_page(public_url, values), link::own_page(public_url, values)),
    };
    Assignee { user_code: user.to_owned(), web_url, h5_url }
}
