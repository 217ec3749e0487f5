//! The bus inside one process: a message counts as published once every consumer has handled it,
//! so that the outbox alone makes it durable.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use super::{Message, Queue};
use crate::contract::QUEUES;

const MOST_IN_HAND: usize = 200;

struct Route {
    queue: String,
    topics: Vec<&'static str>,
    sender: mpsc::UnboundedSender<Item>,
}

struct Item {
    message: Message,
    done: oneshot::Sender<bool>,
}

/// One bus; all clones are the same.
#[derive(Clone)]
pub struct Memory {
    routes: Arc<Mutex<Vec<Route>>>,
    /// All services are in this process: a message waits until every queue of the contract listens.
    whole_house: bool,
}

static NAMED: LazyLock<Mutex<HashMap<String, Memory>>> = LazyLock::new(Mutex::default);

impl Memory {
    /// The bus of that name in this process: services that share a name hear each other. A name
    /// that ends in `?alone` is for one service without the others.
    pub fn named(name: &str) -> Self {
        let fresh = || Self { routes: Arc::default(), whole_house: !name.ends_with("?alone") };
        let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
        named.entry(name.to_owned()).or_insert_with(fresh).clone()
    }

    pub(super) async fn publish(&self, batch: Vec<Message>) -> Vec<Result<(), String>> {
        let mut waiting = Vec::with_capacity(batch.len());
        for message in batch {
            waiting.push(self.offer(&message));
        }
        let mut outcomes = Vec::with_capacity(waiting.len());
        for answers in waiting {
            outcomes.push(settle(answers).await);
        }
        outcomes
    }

    fn offer(&self, message: &Message) -> Vec<oneshot::Receiver<bool>> {
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        routes.retain(|route| !route.sender.is_closed());
        let mut answers = Vec::new();
        let listens = |queue: &str| routes.iter().any(|route| route.queue == queue);
        let mut wanted =
            QUEUES.iter().filter(|(_, topics)| topics.contains(&message.topic.as_str()));
        if self.whole_house && !wanted.all(|(queue, _)| listens(queue)) {
            return answers;
        }
        for route in routes.iter().filter(|route| route.topics.contains(&message.topic.as_str())) {
            let (done, answer) = oneshot::channel();
            if route.sender.send(Item { message: message.clone(), done }).is_ok() {
                answers.push(answer);
            }
        }
        answers
    }

    pub(super) fn subscribe(&self, queue: Queue, topics: &[&'static str]) -> Subscription {
        let name = match queue {
            Queue::Shared(name) => name.to_owned(),
            Queue::Own(name) => format!("{name}-{}", crate::id::new_id()),
        };
        let (sender, items) = mpsc::unbounded_channel();
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        // A restarted service takes its queue over from the one that ended.
        routes.retain(|route| route.queue != name);
        routes.push(Route { queue: name, topics: topics.to_vec(), sender });
        Subscription { items }
    }
}

async fn settle(answers: Vec<oneshot::Receiver<bool>>) -> Result<(), String> {
    if answers.is_empty() {
        return Err("no service listens yet".to_owned());
    }
    for answer in answers {
        match answer.await {
            Ok(true) => {}
            Ok(false) | Err(_) => return Err("a consumer did not handle it".to_owned()),
        }
    }
    Ok(())
}

/// The consumer's end.
pub struct Subscription {
    items: mpsc::UnboundedReceiver<Item>,
}

impl Subscription {
    pub(super) async fn next(&mut self) -> Batch {
        let mut items = Vec::new();
        if self.items.recv_many(&mut items, MOST_IN_HAND).await == 0 {
            // The route was taken over: nothing will ever arrive here again.
            std::future::pending::<()>().await;
        }
        Batch { items }
    }
}

/// Messages in hand.
pub struct Batch {
    items: Vec<Item>,
}

impl Batch {
    pub(super) fn messages(&self) -> Vec<Message> {
        self.items.iter().map(|item| item.message.clone()).collect()
    }

    pub(super) fn answer(self, handled: bool) {
        for item in self.items {
            // A publisher that gave up waiting publishes again; the inbox makes that harmless.
            let _ = item.done.send(handled);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(topic: &str) -> Message {
        Message {
            id: crate::id::new_id(),
            topic: topic.to_owned(),
            key: "k".to_owned(),
            payload: String::new(),
            request_id: None,
        }
    }

    #[tokio::test]
    async fn a_message_counts_as_published_only_when_its_consumer_handled_it() {
        let bus = Memory::named("one?alone");
        let mut subscription = bus.subscribe(Queue::Shared("task"), &["flow.published"]);

        let (published, ()) = tokio::join!(bus.publish(vec![message("flow.published")]), async {
            subscription.next().await.answer(false);
        });

        assert!(published[0].is_err());
    }

    #[tokio::test]
    async fn a_message_waits_until_every_service_that_hears_it_listens() {
        let bus = Memory::named("house");
        let mut task = bus.subscribe(Queue::Shared("task"), &["directory.changed"]);
        let mut sso = bus.subscribe(Queue::Shared("sso"), &["directory.changed"]);
        let mut flow = bus.subscribe(Queue::Shared("flow"), &["directory.changed"]);

        let early = bus.publish(vec![message("directory.changed")]).await;
        let mut notify = bus.subscribe(Queue::Shared("notify"), &["directory.changed"]);
        let (published, (), (), (), ()) = tokio::join!(
            bus.publish(vec![message("directory.changed")]),
            async { task.next().await.answer(true) },
            async { sso.next().await.answer(true) },
            async { flow.next().await.answer(true) },
            async { notify.next().await.answer(true) },
        );

        assert!(early[0].is_err());
        assert!(published[0].is_ok());
    }

    #[tokio::test]
    async fn a_message_nobody_listens_to_is_not_published() {
        assert!(
            Memory::named("nobody?alone").publish(vec![message("flow.published")]).await[0]
                .is_err()
        );
    }
}
