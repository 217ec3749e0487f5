//! The bus inside one process: a message counts as published once every consumer has handled it,
//! so that the outbox alone makes it durable.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use super::{Message, Queue};

const MOST_IN_HAND: usize = 100;

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
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Vec<Route>>>);

static NAMED: LazyLock<Mutex<HashMap<String, Memory>>> = LazyLock::new(Mutex::default);

impl Memory {
    /// The bus of that name in this process: services that share a name hear each other.
    pub fn named(name: &str) -> Self {
        NAMED
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(name.to_owned())
            .or_default()
            .clone()
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
        let mut routes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        routes.retain(|route| !route.sender.is_closed());
        let mut answers = Vec::new();
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
        let mut routes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
            payload: serde_json::Value::Null,
            request_id: None,
        }
    }

    #[tokio::test]
    async fn a_message_counts_as_published_only_when_its_consumer_handled_it() {
        let bus = Memory::default();
        let mut subscription = bus.subscribe(Queue::Shared("task"), &["flow.published"]);

        let (published, ()) = tokio::join!(bus.publish(vec![message("flow.published")]), async {
            subscription.next().await.answer(false);
        });

        assert!(published[0].is_err());
    }

    #[tokio::test]
    async fn a_message_nobody_listens_to_is_not_published() {
        assert!(Memory::default().publish(vec![message("flow.published")]).await[0].is_err());
    }
}
