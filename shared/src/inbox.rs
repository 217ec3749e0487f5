//! Facts from others: heard at least once, with an effect exactly once; what cannot be handled is
//! kept as a row, tried again, and parked for a person.

use std::collections::HashSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use diesel::QueryableByName;
use diesel::sql_types::{Array, Integer, Nullable, Text, Uuid as SqlUuid};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use uuid::Uuid;

use crate::bus::{Bus, Message, Queue};
use crate::contract::{Delivered, Event};
use crate::db::{Conn, Database, QueryResult, sql};
use crate::fault::{Fault, chain};

/// Attempts before an event that keeps failing is parked.
const MOST_ATTEMPTS: i32 = 6;

/// Days for which an event is remembered.
const KEPT_DAYS: i32 = 14;

/// The events of `ids` that `consumer` hears for the first time, marked as heard in this
/// transaction.
pub async fn once(tx: &Conn, consumer: &str, ids: &[Uuid]) -> QueryResult<HashSet<Uuid>> {
    #[derive(QueryableByName)]
    struct First {
        #[diesel(sql_type = SqlUuid)]
        event_id: Uuid,
    }
    let firsts: Vec<First> =
        sql("insert into inbox (consumer, event_id) select $1, e from unnest($2) as t(e) \
         on conflict do nothing returning event_id")
        .bind::<Text, _>(consumer.to_owned())
        .bind::<Array<SqlUuid>, _>(ids.to_vec())
        .rows(tx)
        .await?;
    Ok(firsts.into_iter().map(|first| first.event_id).collect())
}

/// The bodies of those events that `consumer` hears for the first time, in order; marked as heard in
/// this transaction.
pub async fn fresh<E>(tx: &Conn, consumer: &str, events: Vec<Delivered<E>>) -> QueryResult<Vec<E>> {
    let ids: Vec<Uuid> = events.iter().map(|event| event.id).collect();
    let firsts = once(tx, consumer, &ids).await?;
    let news = events.into_iter().filter(|event| firsts.contains(&event.id));
    Ok(news.map(|event| event.body).collect())
}

/// Whether trying again can help.
#[derive(Debug)]
pub enum Trouble {
    /// The event itself cannot be understood or obeyed: parked at once.
    Permanent(String),
    /// Something else is in the way: tried again.
    Passing(String),
}

impl Trouble {
    /// Sorts a service's error by its code.
    pub fn of<E: Fault>(error: &E) -> Self {
        let text = chain(error);
        match error.code() {
            crate::code::Code::Internal
            | crate::code::Code::Unavailable
            | crate::code::Code::UpstreamFailed => Trouble::Passing(text),
            _ => Trouble::Permanent(text),
        }
    }
}

type Handling = Pin<Box<dyn Future<Output = Result<(), Trouble>> + Send>>;
type Handler<C> = Arc<dyn Fn(Arc<C>, Vec<Message>) -> Handling + Send + Sync>;

/// What a service listens to: topic → what to do with a batch of its events.
pub struct Subscriptions<C> {
    table: Vec<(&'static str, Handler<C>)>,
}

impl<C: Send + Sync + 'static> Default for Subscriptions<C> {
    fn default() -> Self {
        Self { table: Vec::new() }
    }
}

impl<C: Send + Sync + 'static> Subscriptions<C> {
    /// Adds a line to the table.
    pub fn on<E, F, X>(mut self, handle: fn(Arc<C>, Vec<Delivered<E>>) -> F) -> Self
    where
        E: Event,
        F: Future<Output = Result<(), X>> + Send + 'static,
        X: Fault,
    {
        let handler: Handler<C> = Arc::new(move |ctx, messages| {
            Box::pin(async move {
                let mut events = Vec::with_capacity(messages.len());
                for message in messages {
                    let body = E::read(&message.payload).map_err(|error| {
                        Trouble::Permanent(format!("not a {}: {error}", E::TOPIC))
                    })?;
                    events.push(Delivered { id: message.id, body });
                }
                handle(ctx, events).await.map_err(|error| Trouble::of(&error))
            })
        });
        self.table.push((E::TOPIC, handler));
        self
    }

    fn topics(&self) -> Vec<&'static str> {
        self.table.iter().map(|(topic, _)| *topic).collect()
    }

    fn handler(&self, topic: &str) -> Option<&Handler<C>> {
        self.table.iter().find(|(name, _)| *name == topic).map(|(_, handler)| handler)
    }
}

/// Hears the bus for one service and keeps what fails.
pub struct Consumer<C> {
    name: &'static str,
    ctx: Arc<C>,
    db: Database,
    bus: Bus,
    table: Subscriptions<C>,
}

impl<C: Send + Sync + 'static> Consumer<C> {
    /// A consumer of `table` under the service's name.
    pub fn new(
        name: &'static str,
        ctx: Arc<C>,
        db: Database,
        bus: Bus,
        table: Subscriptions<C>,
    ) -> Self {
        Self { name, ctx, db, bus, table }
    }

    /// Runs until `stop`: new events, and beside them those whose time has come again.
    pub async fn run(self, stop: CancellationToken) {
        tokio::join!(self.listen(&stop), self.retry(&stop));
    }

    async fn listen(&self, stop: &CancellationToken) {
        let mut subscription = self.bus.subscribe(Queue::Shared(self.name), &self.table.topics());
        loop {
            let batch = tokio::select! {
                () = stop.cancelled() => return,
                batch = subscription.next() => batch,
            };
            if self.handle_until(stop, batch.messages()).await {
                batch.ack().await;
            } else {
                batch.give_back().await;
                return;
            }
        }
    }

    /// Keeps a batch in hand while not even a failure can be written down: given back, the broker
    /// would count deliveries and drop it in the end. `false` once `stop` comes first.
    async fn handle_until(&self, stop: &CancellationToken, messages: Vec<Message>) -> bool {
        let mut pause = Duration::from_millis(200);
        while !self.handle(messages.clone()).await {
            tokio::select! {
                () = stop.cancelled() => return false,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(Duration::from_secs(5)),
            }
        }
        true
    }

    async fn retry(&self, stop: &CancellationToken) {
        let mut timer = tokio::time::interval(Duration::from_secs(1));
        timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = timer.tick() => self.retry_due().await,
            }
        }
    }

    /// Handles a batch; `false` when not even a failure could be written down.
    async fn handle(&self, messages: Vec<Message>) -> bool {
        for run in runs_of_one_topic(messages) {
            if self.try_run(&run).await.is_ok() {
                continue;
            }
            // One bad event must not hold up its neighbours: alone, each fails for itself.
            for message in run {
                let one = std::slice::from_ref(&message);
                let outcome = self.try_run(one).await;
                if let Err(trouble) = outcome
                    && self.keep(&message, 1, &trouble).await.is_err()
                {
                    return false;
                }
            }
        }
        true
    }

    async fn try_run(&self, messages: &[Message]) -> Result<(), Trouble> {
        let Some(first) = messages.first() else { return Ok(()) };
        let Some(handler) = self.table.handler(&first.topic) else {
            return Err(Trouble::Permanent(format!("nobody here listens to {}", first.topic)));
        };
        let span = tracing::info_span!("event", topic = %first.topic, events = messages.len(), request_id = first.request_id.as_deref());
        handler(self.ctx.clone(), messages.to_vec()).instrument(span).await
    }

    async fn keep(
        &self,
        message: &Message,
        attempts: i32,
        trouble: &Trouble,
    ) -> Result<(), crate::db::Error> {
        let (reason, parked) = match trouble {
            Trouble::Permanent(reason) => (reason, true),
            Trouble::Passing(reason) => (reason, attempts >= MOST_ATTEMPTS),
        };
        if parked {
            tracing::error!(event = %message.id, topic = %message.topic, attempts, reason, "event parked; replay it once the cause is mended");
        } else {
            tracing::warn!(event = %message.id, topic = %message.topic, attempts, reason, "event failed, will be tried again");
        }
        let conn = self.db.connection().await?;
        sql("insert into dead_letters (consumer, event_id, topic, key, payload, request_id, attempts, last_error, due_at, parked_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, now() + least(power(2, $7), 60) * interval '1 second', case when $9 = 1 then now() end) \
             on conflict (consumer, event_id) do update set attempts = excluded.attempts, \
             last_error = excluded.last_error, due_at = excluded.due_at, parked_at = excluded.parked_at")
        .bind::<Text, _>(self.name.to_owned())
        .bind::<SqlUuid, _>(message.id)
        .bind::<Text, _>(message.topic.clone())
        .bind::<Text, _>(message.key.clone())
        .bind::<Text, _>(message.payload.clone())
        .bind::<Nullable<Text>, _>(message.request_id.clone())
        .bind::<Integer, _>(attempts)
        .bind::<Text, _>(reason.clone())
        .bind::<Integer, _>(i32::from(parked))
        .run(&conn)
        .await?;
        Ok(())
    }

    async fn retry_due(&self) {
        let due = match self.load_due().await {
            Ok(due) => due,
            Err(error) => {
                tracing::debug!(cause = %error, "failed events could not be read");
                return;
            }
        };
        for (message, attempts) in due {
            let outcome = match self.try_run(std::slice::from_ref(&message)).await {
                Ok(()) => self.forget(message.id).await,
                Err(trouble) => self.keep(&message, attempts + 1, &trouble).await,
            };
            if let Err(error) = outcome {
                tracing::debug!(cause = %error, "a failed event could not be updated");
            }
        }
    }

    async fn load_due(&self) -> Result<Vec<(Message, i32)>, crate::db::Error> {
        #[derive(QueryableByName)]
        struct DueRow {
            #[diesel(sql_type = SqlUuid)]
            event_id: Uuid,
            #[diesel(sql_type = Text)]
            topic: String,
            #[diesel(sql_type = Text)]
            key: String,
            #[diesel(sql_type = Text)]
            payload: String,
            #[diesel(sql_type = Nullable<Text>)]
            request_id: Option<String>,
            #[diesel(sql_type = Integer)]
            attempts: i32,
        }
        let conn = self.db.connection().await?;
        // Pushing the due time forward is the lease: another process does not take the same row.
        let rows: Vec<DueRow> = sql("update dead_letters d set due_at = now() + interval '30 seconds' \
             from (select consumer, event_id from dead_letters where consumer = $1 and parked_at is null \
                   and due_at <= now() order by due_at limit 20 for update skip locked) t \
             where d.consumer = t.consumer and d.event_id = t.event_id \
             returning d.event_id, d.topic, d.key, d.payload, d.request_id, d.attempts")
        .bind::<Text, _>(self.name.to_owned())
        .rows(&conn)
        .await?;
        let message = |row: DueRow| {
            let DueRow { event_id: id, topic, key, payload, request_id, attempts } = row;
            (Message { id, topic, key, payload, request_id }, attempts)
        };
        Ok(rows.into_iter().map(message).collect())
    }

    async fn forget(&self, event: Uuid) -> Result<(), crate::db::Error> {
        let conn = self.db.connection().await?;
        sql("delete from dead_letters where consumer = $1 and event_id = $2")
            .bind::<Text, _>(self.name.to_owned())
            .bind::<SqlUuid, _>(event)
            .run(&conn)
            .await?;
        Ok(())
    }
}

/// Removes what was heard longer ago than any redelivery; run daily by each service.
pub async fn forget_old(db: &Database) -> Result<usize, crate::db::Error> {
    let conn = db.connection().await?;
    let removed = sql("delete from inbox where handled_at < now() - $1 * interval '1 day'")
        .bind::<Integer, _>(KEPT_DAYS)
        .run(&conn)
        .await?;
    Ok(removed)
}

/// Neighbours of one topic stay together, the order stays as it was.
fn runs_of_one_topic(messages: Vec<Message>) -> Vec<Vec<Message>> {
    let mut runs: Vec<Vec<Message>> = Vec::new();
    for message in messages {
        match runs.last_mut() {
            Some(run) if run.first().is_some_and(|first| first.topic == message.topic) => {
                run.push(message)
            }
            _ => runs.push(vec![message]),
        }
    }
    runs
}
