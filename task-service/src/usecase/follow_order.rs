//! An order of our own engine made a step: flow-service tells it over the bus, over HTTP, or as the
//! answer to a decision, and often more than one of these.

use std::sync::Arc;

use chrono::SubsecRound;
use futures_util::future::join_all;
use shared::contract::order::{self as contract, ClosedWork, OpenedWork, OrderAdvanced};
use shared::id::{AppId, Tenant};

use super::Ctx;
use super::write_orders::{Change, Job};
use crate::domain::attachment::Attachment;
use crate::domain::own::Why;
use crate::domain::snapshot::OrderKey;
use crate::domain::status::{OrderResult, Source, TaskResult};
use crate::domain::step::{Closing, Head, Opening, Operation, Step};
use crate::error::Error;

/// Applies what is new. There is no inbox here: an order knows itself which steps it has heard,
/// wherever they came from.
pub(crate) async fn follow_order(ctx: &Ctx, facts: Vec<OrderAdvanced>) -> Result<(), Error> {
    let mut jobs = Vec::with_capacity(facts.len());
    for fact in facts {
        let (key, step) = read(fact)?;
        jobs.push(Job::new(key, Change::Step(Arc::new(step))));
    }
    for answer in join_all(jobs.into_iter().map(|job| ctx.writes.submit(job))).await {
        answer??;
    }
    Ok(())
}

/// The fact in our own words.
fn read(fact: OrderAdvanced) -> Result<(OrderKey, Step), Error> {
    let name = format!("{}/order/{}/{}", fact.tenant, fact.order_id, fact.seq);
    let unreadable = |what| Error::Unreadable(name.clone(), what);
    // As exact as the database keeps it: a step heard again must compare as equal.
    let instant = |text: &str, what| match shared::time::parse(text) {
        Ok(instant) => Ok(instant.trunc_subsecs(6)),
        Err(_) => Err(unreadable(what)),
    };
    let opening = |work: OpenedWork| {
        Ok::<_, Error>(Opening {
            deadline: work.due_at.map(|due| instant(&due, "dueAt")).transpose()?,
            task: work.task_id,
            name: work.place.activity_name,
            people: work.assignees,
            actions: work.actions,
            why: work.why.into_iter().map(why).collect(),
        })
    };
    let closing = |work: ClosedWork| {
        let result = TaskResult::stored(&work.result).filter(|result| result.ends());
        Ok::<_, Error>(Closing {
            result: result.ok_or(unreadable("closed.result"))?,
            task: work.task_id,
            name: work.place.activity_name,
            handler: work.handler,
            on_behalf_of: work.on_behalf_of,
            comment: work.comment,
            attachments: work.attachments.into_iter().map(attachment).collect(),
        })
    };
    let ended = match &fact.finished {
        Some(finished) => {
            let result = OrderResult::stored(&finished.result).filter(|result| result.ends());
            Some(result.ok_or(unreadable("finished.result"))?)
        }
        None => None,
    };
    let step = Step {
        seq: fact.seq,
        at: instant(&fact.at, "at")?,
        opened: fact.opened.into_iter().map(opening).collect::<Result<_, _>>()?,
        closed: fact.closed.into_iter().map(closing).collect::<Result<_, _>>()?,
        operations: fact.operations.into_iter().map(operation).collect(),
        copies: fact.copies.into_iter().flat_map(|copy| copy.people).collect(),
        voided: fact.voided,
        take_back: fact.take_back.into_iter().map(|one| (one.task_id, one.user_code)).collect(),
        initiator_actions: fact.initiator_actions,
        ended,
        head: Head {
            flow: fact.flow_code,
            flow_name: fact.flow_name,
            business_key: fact.business_key,
            title: fact.title,
            initiator: fact.initiator,
            parent_number: fact.parent_order_id,
        },
    };
    let key = OrderKey {
        tenant: Tenant::stored(fact.tenant),
        app: AppId::stored(fact.app),
        number: fact.order_id,
        source: Source::Native,
    };
    Ok((key, step))
}

fn attachment(file: contract::Attachment) -> Attachment {
    Attachment { name: file.name, url: file.url }
}

fn why(why: contract::Why) -> Why {
    Why { user: why.user_code, on_behalf_of: why.on_behalf_of, rule: why.rule, chain: why.chain }
}

fn operation(operated: contract::Operated) -> Operation {
    Operation {
        task: operated.task_id,
        name: operated.place.activity_name,
        action: operated.action,
        user: operated.user_code,
        on_behalf_of: operated.on_behalf_of,
        comment: operated.comment,
        people: operated.people,
        attachments: operated.attachments.into_iter().map(attachment).collect(),
        count: operated.count,
    }
}
