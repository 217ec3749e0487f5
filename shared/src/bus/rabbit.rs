//! RabbitMQ: one durable topic exchange, one quorum queue per service, confirms in batches,
//! connections that come back by themselves.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicPublishOptions, BasicQosOptions,
    ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, ExchangeKind,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{Message, Queue};
use crate::contract::QUEUES;

/// A confirm that does not come in this time closes the channel; the rows are published again.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(10);

/// Facts in one message of the broker, and their bytes, at most.
const BUNDLE: usize = 50;
const BUNDLE_BYTES: usize = 256 * 1024;

/// Unacknowledged messages in one consumer's hands at most, and those of one batch.
const PREFETCH: u16 = 16;
const MOST_IN_HAND: usize = 8;

/// Failures are counted in our own tables; this only stops a message that kills its consumer.
const DELIVERY_LIMIT: i32 = 50;

/// A publisher and the factory of subscriptions; cheap to clone.
#[derive(Clone)]
pub struct Rabbit {
    url: String,
    prefix: String,
    publisher: Arc<Mutex<Option<(Connection, Channel)>>>,
    /// The last attempt to publish, or to be able to, succeeded.
    speaks: Arc<AtomicBool>,
    /// The queue is open; true where this process has none.
    hears: Arc<AtomicBool>,
}

impl Rabbit {
    pub(super) fn new(url: String, prefix: String) -> Self {
        let hears = Arc::new(AtomicBool::new(true));
        Self { url, prefix, publisher: Arc::default(), speaks: Arc::default(), hears }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.speaks.load(Ordering::Relaxed) && self.hears.load(Ordering::Relaxed)
    }

    fn exchange(&self) -> String {
        format!("{}aiflow", self.prefix)
    }

    async fn open(&self) -> lapin::Result<(Connection, Channel)> {
        let connection = Connection::connect(&self.url, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        let options = ExchangeDeclareOptions { durable: true, ..Default::default() };
        channel
            .exchange_declare(
                self.exchange().into(),
                ExchangeKind::Topic,
                options,
                FieldTable::default(),
            )
            .await?;
        // Every durable queue is there before the first fact leaves, so that a service which has
        // never run yet misses none.
        for (name, topics) in QUEUES {
            self.declare(&channel, Queue::Shared(name), topics).await?;
        }
        Ok((connection, channel))
    }

    /// Declares a queue and binds its topics; gives its full name.
    async fn declare(
        &self,
        channel: &Channel,
        queue: Queue,
        topics: &[&str],
    ) -> lapin::Result<String> {
        let name = match queue {
            Queue::Shared(name) => format!("{}{name}", self.prefix),
            Queue::Own(name) => format!("{}{name}-{}", self.prefix, crate::id::new_id()),
        };
        let (options, arguments) = queue_shape(queue);
        channel.queue_declare(name.as_str().into(), options, arguments).await?;
        for topic in topics {
            let (queue, exchange) = (name.as_str().into(), self.exchange().into());
            let (options, arguments) = (QueueBindOptions::default(), FieldTable::default());
            channel.queue_bind(queue, exchange, (*topic).into(), options, arguments).await?;
        }
        Ok(name)
    }

    pub(super) async fn publish(&self, batch: Vec<Message>) -> Vec<Result<(), String>> {
        let size = batch.len();
        match tokio::time::timeout(CONFIRM_TIMEOUT, self.try_publish(batch)).await {
            Ok(Ok(outcomes)) => outcomes,
            Ok(Err(error)) => self.give_up(size, error.to_string()).await,
            Err(_) => self.give_up(size, "the broker did not confirm in time".to_owned()).await,
        }
    }

    /// Drops the channel, so that the next batch opens a new one.
    async fn give_up(&self, size: usize, reason: String) -> Vec<Result<(), String>> {
        self.speaks.store(false, Ordering::Relaxed);
        self.publisher.lock().await.take();
        (0..size).map(|_| Err(reason.clone())).collect()
    }

    async fn try_publish(&self, batch: Vec<Message>) -> lapin::Result<Vec<Result<(), String>>> {
        let mut publisher = self.publisher.lock().await;
        let is_open = |open: &(Connection, Channel)| open.1.status().connected();
        if !publisher.as_ref().is_some_and(is_open) {
            let opened = self.open().await?;
            opened.1.confirm_select(ConfirmSelectOptions::default()).await?;
            *publisher = Some(opened);
        }
        let Some((_, channel)) = publisher.as_ref() else { return Ok(Vec::new()) };
        let mut confirms = Vec::new();
        for bundle in bundles(batch) {
            let properties = BasicProperties::default()
                .with_content_type("application/json".into())
                .with_delivery_mode(2);
            let options = BasicPublishOptions { mandatory: true, ..Default::default() };
            let (exchange, topic) = (self.exchange().into(), bundle.topic.as_str().into());
            let text = bundle.text();
            let confirm =
                channel.basic_publish(exchange, topic, options, text.as_bytes(), properties);
            confirms.push((bundle.facts.len(), confirm.await?));
        }
        let mut outcomes = Vec::new();
        for (size, confirm) in confirms {
            let outcome = match confirm.await? {
                Confirmation::Ack(None) => Ok(()),
                // The broker confirms what it cannot route: returned means not published.
                Confirmation::Ack(Some(_)) => Err("no queue is bound for it yet".to_owned()),
                Confirmation::Nack(_) => Err("the broker refused it".to_owned()),
                Confirmation::NotRequested => Err("the broker was not asked to confirm".to_owned()),
            };
            outcomes.extend(std::iter::repeat_n(outcome, size));
        }
        self.speaks.store(true, Ordering::Relaxed);
        Ok(outcomes)
    }

    pub(super) fn subscribe(&self, queue: Queue, topics: &[&'static str]) -> Subscription {
        let topics = topics.to_vec();
        self.hears.store(false, Ordering::Relaxed);
        Subscription { bus: self.clone(), queue, topics, open: None, waiting: VecDeque::new() }
    }
}

struct Open {
    _connection: Connection,
    channel: Channel,
    consumer: lapin::Consumer,
}

/// The consumer's end of a queue; opens it on first use and again after every loss.
pub struct Subscription {
    bus: Rabbit,
    queue: Queue,
    topics: Vec<&'static str>,
    open: Option<Open>,
    waiting: VecDeque<Delivery>,
}

impl Subscription {
    pub(super) async fn next(&mut self) -> Batch {
        let mut pause = Duration::from_millis(200);
        loop {
            match self.try_next().await {
                Ok(Some(batch)) => return batch,
                Ok(None) => {
                    tracing::warn!(queue = ?self.queue, "the broker closed the queue, opening it again")
                }
                Err(error) => {
                    tracing::warn!(queue = ?self.queue, cause = %error, "the broker is away, trying again");
                }
            }
            self.open = None;
            self.waiting.clear();
            self.bus.hears.store(false, Ordering::Relaxed);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }

    /// Deliveries are taken from the stream one by one into `waiting`, so that being cancelled
    /// between two of them loses none.
    async fn try_next(&mut self) -> lapin::Result<Option<Batch>> {
        if self.open.is_none() {
            self.open = Some(self.connect().await?);
        }
        let Some(open) = self.open.as_mut() else { return Ok(None) };
        if self.waiting.is_empty() {
            match open.consumer.next().await {
                Some(delivery) => self.waiting.push_back(delivery?),
                None => return Ok(None),
            }
        }
        while self.waiting.len() < MOST_IN_HAND {
            match open.consumer.next().now_or_never() {
                Some(Some(delivery)) => self.waiting.push_back(delivery?),
                Some(None) | None => break,
            }
        }
        Ok(Some(Batch {
            channel: open.channel.clone(),
            deliveries: self.waiting.drain(..).collect(),
        }))
    }

    async fn connect(&self) -> lapin::Result<Open> {
        let (connection, channel) = self.bus.open().await?;
        let name = self.bus.declare(&channel, self.queue, &self.topics).await?;
        channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
        let consumer = channel
            .basic_consume(
                name.as_str().into(),
                "".into(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await?;
        self.bus.hears.store(true, Ordering::Relaxed);
        tracing::info!(queue = name, "listening");
        Ok(Open { _connection: connection, channel, consumer })
    }
}

fn queue_shape(queue: Queue) -> (QueueDeclareOptions, FieldTable) {
    let mut arguments = FieldTable::default();
    match queue {
        Queue::Shared(_) => {
            arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
            arguments.insert("x-delivery-limit".into(), AMQPValue::LongInt(DELIVERY_LIMIT));
            (QueueDeclareOptions { durable: true, ..Default::default() }, arguments)
        }
        Queue::Own(_) => (
            QueueDeclareOptions { exclusive: true, auto_delete: true, ..Default::default() },
            arguments,
        ),
    }
}

/// Deliveries in hand.
pub struct Batch {
    channel: Channel,
    deliveries: Vec<Delivery>,
}

impl Batch {
    pub(super) fn messages(&self) -> Vec<Message> {
        self.deliveries.iter().flat_map(read).collect()
    }

    pub(super) async fn ack(self) {
        if let Some(last) = self.deliveries.last() {
            let options = BasicAckOptions { multiple: true };
            self.report(self.channel.basic_ack(last.delivery_tag, options).await);
        }
    }

    pub(super) async fn give_back(self) {
        if let Some(last) = self.deliveries.last() {
            let options = BasicNackOptions { multiple: true, requeue: true };
            self.report(self.channel.basic_nack(last.delivery_tag, options).await);
        }
    }

    /// An answer that does not get through means redelivery, which the inbox makes harmless.
    fn report(&self, outcome: lapin::Result<()>) {
        if let Err(error) = outcome {
            tracing::debug!(cause = %error, "the broker did not take the answer");
        }
    }
}

/// Facts of one topic that travel as one message of the broker, in their order.
#[derive(Debug)]
struct Bundle {
    topic: String,
    facts: Vec<Fact>,
    bytes: usize,
}

/// One fact in a bundle.
#[derive(Debug, Serialize, Deserialize)]
struct Fact {
    id: Uuid,
    key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    payload: Box<RawValue>,
}

impl Bundle {
    fn text(&self) -> String {
        // Texts and checked JSON: writing them down cannot fail.
        serde_json::to_string(&self.facts).unwrap_or_default()
    }
}

/// Neighbours of one topic together: the broker counts messages, not bytes.
fn bundles(batch: Vec<Message>) -> Vec<Bundle> {
    let mut bundles: Vec<Bundle> = Vec::new();
    for message in batch {
        let Message { id, topic, key, payload, request_id } = message;
        let bytes = payload.len();
        // What is no JSON, which no service of ours writes, travels as a string and is parked.
        let payload = RawValue::from_string(payload)
            .or_else(|_| serde_json::value::to_raw_value("not JSON"))
            .unwrap_or_default();
        let fact = Fact { id, key, request_id, payload };
        match bundles.last_mut() {
            Some(open)
                if open.topic == topic
                    && open.facts.len() < BUNDLE
                    && open.bytes + bytes < BUNDLE_BYTES =>
            {
                open.bytes += bytes;
                open.facts.push(fact);
            }
            _ => bundles.push(Bundle { topic, facts: vec![fact], bytes }),
        }
    }
    bundles
}

/// A message that is not ours in form becomes a fact that no handler accepts, and is parked.
fn read(delivery: &Delivery) -> Vec<Message> {
    let topic = delivery.routing_key.as_str();
    match serde_json::from_slice::<Vec<Fact>>(&delivery.data) {
        Ok(facts) => facts
            .into_iter()
            .map(|fact| Message {
                id: fact.id,
                topic: topic.to_owned(),
                key: fact.key,
                payload: fact.payload.get().to_owned(),
                request_id: fact.request_id,
            })
            .collect(),
        Err(_) => vec![Message {
            id: crate::id::new_id(),
            topic: topic.to_owned(),
            key: String::new(),
            payload: String::from_utf8_lossy(&delivery.data).into_owned(),
            request_id: None,
        }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(topic: &str, payload: &str) -> Message {
        Message {
            id: crate::id::new_id(),
            topic: topic.to_owned(),
            key: "T/A/1".to_owned(),
            payload: payload.to_owned(),
            request_id: None,
        }
    }

    #[test]
    fn neighbours_of_one_topic_travel_together_in_their_order() {
        let batch = ["a", "a", "b", "a"].map(|topic| message(topic, "{}")).to_vec();
        let ids: Vec<Uuid> = batch.iter().map(|message| message.id).collect();

        let bundles = bundles(batch);

        let topics: Vec<&str> = bundles.iter().map(|bundle| bundle.topic.as_str()).collect();
        assert_eq!(topics, ["a", "b", "a"]);
        let sent: Vec<Uuid> =
            bundles.iter().flat_map(|bundle| &bundle.facts).map(|fact| fact.id).collect();
        assert_eq!(sent, ids);
    }

    #[test]
    fn a_bundle_is_bounded_in_facts_and_bytes() {
        let many = bundles(vec![message("a", "{}"); BUNDLE + 1]);
        let large = bundles(vec![message("a", &format!("\"{}\"", "x".repeat(BUNDLE_BYTES))); 2]);

        assert_eq!((many.len(), large.len()), (2, 2));
    }

    #[test]
    fn a_fact_comes_out_as_it_went_in() {
        let bundle = bundles(vec![message("a", "{\"n\":12345678901234567890,\"t\":\"中\"}")]);

        let read: Vec<Fact> = serde_json::from_str(&bundle[0].text()).unwrap();

        assert_eq!(read[0].payload.get(), "{\"n\":12345678901234567890,\"t\":\"中\"}");
        assert_eq!(read[0].key, "T/A/1");
    }
}
