//! The message bus: RabbitMQ between processes, or a hand-over in memory inside one.

pub mod memory;
pub mod rabbit;

use secrecy::ExposeSecret;
use uuid::Uuid;

/// An event on its way.
#[derive(Clone, Debug)]
pub struct Message {
    /// The same for every delivery of one fact.
    pub id: Uuid,
    /// The routing key.
    pub topic: String,
    /// What it is about.
    pub key: String,
    /// The event as JSON text.
    pub payload: String,
    /// The request that caused it, for the log.
    pub request_id: Option<String>,
}

/// Where a consumer's messages wait.
#[derive(Clone, Copy, Debug)]
pub enum Queue {
    /// One durable queue for all processes of a service.
    Shared(&'static str),
    /// A queue of this process alone, gone when it ends: for caches that every process must drop.
    Own(&'static str),
}

/// A connection to the bus; cheap to clone.
#[derive(Clone)]
pub enum Bus {
    /// RabbitMQ.
    Rabbit(rabbit::Rabbit),
    /// Inside one process.
    Memory(memory::Memory),
}

impl Bus {
    /// From the settings; connects in the background and reconnects by itself.
    pub fn connect(settings: &crate::config::Bus) -> Self {
        let url = settings.url.expose_secret();
        match url.strip_prefix("memory:") {
            Some(name) => Bus::Memory(memory::Memory::named(&format!("{}{name}", settings.prefix))),
            None => Bus::Rabbit(rabbit::Rabbit::new(url.to_owned(), settings.prefix.clone())),
        }
    }

    /// Publishes a batch; `Ok` for each message that is safe with its consumers' queues.
    pub async fn publish(&self, batch: Vec<Message>) -> Vec<Result<(), String>> {
        match self {
            Bus::Rabbit(rabbit) => rabbit.publish(batch).await,
            Bus::Memory(memory) => memory.publish(batch).await,
        }
    }

    /// Opens the way out where it is not open, so that readiness tells the truth while there is
    /// nothing to publish.
    pub async fn keep_open(&self) {
        match self {
            Bus::Rabbit(rabbit) => {
                rabbit.publish(Vec::new()).await;
            }
            Bus::Memory(_) => {}
        }
    }

    /// Opens a queue bound to `topics`.
    pub fn subscribe(&self, queue: Queue, topics: &[&'static str]) -> Subscription {
        match self {
            Bus::Rabbit(rabbit) => Subscription::Rabbit(Box::new(rabbit.subscribe(queue, topics))),
            Bus::Memory(memory) => Subscription::Memory(memory.subscribe(queue, topics)),
        }
    }

    /// Whether the bus answers, for readiness.
    pub fn is_ready(&self) -> bool {
        match self {
            Bus::Rabbit(rabbit) => rabbit.is_ready(),
            Bus::Memory(_) => true,
        }
    }
}

/// The consumer's end of a queue.
pub enum Subscription {
    /// RabbitMQ.
    Rabbit(Box<rabbit::Subscription>),
    /// Inside one process.
    Memory(memory::Subscription),
}

impl Subscription {
    /// Waits for messages; what has arrived meanwhile comes along, up to some hundred.
    pub async fn next(&mut self) -> Batch {
        match self {
            Subscription::Rabbit(rabbit) => Batch::Rabbit(rabbit.next().await),
            Subscription::Memory(memory) => Batch::Memory(memory.next().await),
        }
    }
}

/// Messages in hand, not yet answered for.
pub enum Batch {
    /// RabbitMQ.
    Rabbit(rabbit::Batch),
    /// Inside one process.
    Memory(memory::Batch),
}

impl Batch {
    /// The messages, in the order of the queue.
    pub fn messages(&self) -> Vec<Message> {
        match self {
            Batch::Rabbit(batch) => batch.messages(),
            Batch::Memory(batch) => batch.messages(),
        }
    }

    /// All are dealt with.
    pub async fn ack(self) {
        match self {
            Batch::Rabbit(batch) => batch.ack().await,
            Batch::Memory(batch) => batch.answer(true),
        }
    }

    /// None is dealt with: they come again.
    pub async fn give_back(self) {
        match self {
            Batch::Rabbit(batch) => batch.give_back().await,
            Batch::Memory(batch) => batch.answer(false),
        }
    }
}
