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
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, ExchangeKind,
};
use tokio::sync::Mutex;

use super::{Message, Queue};
use crate::contract::QUEUES;

/// A confirm that does not come in this time closes the channel; the rows are published again.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(10);

/// Unacknowledged messages in one consumer's hands at most.
const PREFETCH: u16 = 400;

const MOST_IN_HAND: usize = 200;

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
        let mut confirms = Vec::with_capacity(batch.len());
        for message in &batch {
            let mut headers = FieldTable::default();
            headers.insert("key".into(), AMQPValue::LongString(message.key.as_str().into()));
            let mut properties = BasicProperties::default()
                .with_message_id(message.id.to_string().into())
                .with_content_type("application/json".into())
                .with_delivery_mode(2)
                .with_headers(headers);
            if let Some(request) = &message.request_id {
                properties = properties.with_correlation_id(request.as_str().into());
            }
            let options = BasicPublishOptions { mandatory: true, ..Default::default() };
            let payload = message.payload.to_string();
            let topic = ShortString::from(message.topic.as_str());
            confirms.push(
                channel
                    .basic_publish(
                        self.exchange().into(),
                        topic,
                        options,
                        payload.as_bytes(),
                        properties,
                    )
                    .await?,
            );
        }
        let mut outcomes = Vec::with_capacity(confirms.len());
        for confirm in confirms {
            outcomes.push(match confirm.await? {
                Confirmation::Ack(None) => Ok(()),
                // The broker confirms what it cannot route: returned means not published.
                Confirmation::Ack(Some(_)) => Err("no queue is bound for it yet".to_owned()),
                Confirmation::Nack(_) => Err("the broker refused it".to_owned()),
                Confirmation::NotRequested => Err("the broker was not asked to confirm".to_owned()),
            });
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
        self.deliveries.iter().map(read).collect()
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

/// A message that is not ours in form becomes one that no handler accepts, and is parked.
fn read(delivery: &Delivery) -> Message {
    let text = |value: &Option<ShortString>| value.as_ref().map(|text| text.as_str().to_owned());
    let key = delivery
        .properties
        .headers()
        .as_ref()
        .and_then(|headers| headers.inner().get("key"))
        .and_then(|key| match key {
            AMQPValue::LongString(text) => Some(text.to_string()),
            _ => None,
        });
    Message {
        id: text(delivery.properties.message_id())
            .and_then(|id| id.parse().ok())
            .unwrap_or_else(crate::id::new_id),
        topic: delivery.routing_key.as_str().to_owned(),
        key: key.unwrap_or_default(),
        payload: serde_json::from_slice(&delivery.data).unwrap_or_default(),
        request_id: text(delivery.properties.correlation_id()),
    }
}
