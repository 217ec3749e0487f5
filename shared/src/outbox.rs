//! Facts for others: a fact and its announcement are rows of one commit; the relay publishes them.

use std::time::Duration;

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Uuid as SqlUuid};
use diesel_async::AsyncConnection;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::bus::{Bus, Message};
use crate::contract::Event;
use crate::db::{Conn, Database, Lines, QueryResult, sql};

/// The most rows published with confirms in flight at once.
const BATCH: i64 = 200;

/// How long a woken relay waits for more commits: under load one round then carries many facts, for
/// the relay, the broker and the consumers alike.
const GATHER: Duration = Duration::from_millis(50);

/// Announces one fact in the caller's transaction.
pub async fn announce<E: Event>(tx: &Conn, event: &E) -> QueryResult<()> {
    announce_all(tx, std::slice::from_ref(event)).await
}

/// Announces many facts of the current request with one statement; none is no statement.
pub async fn announce_all<E: Event>(tx: &Conn, events: &[E]) -> QueryResult<()> {
    if events.is_empty() {
        return Ok(());
    }
    let request = crate::http::request_id::current();
    let lines = lines(events.iter().map(|event| (event, request.clone())))?;
    sql("insert into outbox (event_id, topic, key, payload, request_id) \
         select e, $5, k, p, r from unnest($1, $2, $3, $4) as t(e, k, p, r)")
    .bind::<Array<SqlUuid>, _>(lines.ids)
    .bind::<Array<Text>, _>(lines.keys)
    .bind::<Array<Text>, _>(lines.payloads)
    .bind::<Array<Nullable<Text>>, _>(lines.requests)
    .bind::<Text, _>(lines.topic)
    .run(tx)
    .await?;
    Ok(())
}

/// Facts of one kind, each with its request's id, as columns of the outbox: for a statement that
/// writes them together with what they tell of.
pub fn lines<'e, E: Event>(
    events: impl IntoIterator<Item = (&'e E, Option<String>)>,
) -> QueryResult<Lines> {
    let (ids, keys, payloads, requests) = Default::default();
    let mut lines = Lines { topic: E::TOPIC, ids, keys, payloads, requests };
    for (event, request) in events {
        let payload = event
            .write()
            .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
        lines.ids.push(crate::id::new_id());
        lines.keys.push(event.key());
        lines.payloads.push(payload);
        lines.requests.push(request);
    }
    Ok(lines)
}

#[derive(QueryableByName)]
struct OutboxRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
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
}

/// Publishes what is pending, in the order of ids. Of all processes of a service one relays at a
/// time (a session lock elects it), so that no row lock is held across the network.
pub struct Relay {
    db: Database,
    bus: Bus,
    address: crate::config::Database,
}

impl Relay {
    /// A relay from this service's outbox to the bus.
    pub fn new(db: Database, bus: Bus, address: crate::config::Database) -> Self {
        Self { db, bus, address }
    }

    /// Runs until `stop`; the lock's connection is its own, so that losing it ends the office.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.hold_office(&stop).await {
                tracing::warn!(cause = format!("{error:#}"), "relay interrupted, trying again");
            }
            wait(&stop, Duration::from_millis(500)).await;
        }
    }

    async fn hold_office(&self, stop: &CancellationToken) -> anyhow::Result<()> {
        #[derive(QueryableByName)]
        struct Lock {
            #[diesel(sql_type = diesel::sql_types::Bool)]
            held: bool,
        }
        let conn = Conn::establish(&crate::db::address(&self.address)?).await?;
        while !sql("select pg_try_advisory_lock(hashtext('aiflow relay'), hashtext(current_schema())) as held")
            .row::<Lock>(&conn)
            .await?
            .held
        {
            wait(stop, Duration::from_millis(500)).await;
            if stop.is_cancelled() {
                return Ok(());
            }
        }
        let wake = self.db.wake();
        while !stop.is_cancelled() {
            let published = self.publish_pending(&conn).await?;
            if published < BATCH as usize {
                tokio::select! {
                    () = wake.notified() => tokio::time::sleep(GATHER).await,
                    () = wait(stop, Duration::from_millis(500)) => {}
                }
            }
        }
        Ok(())
    }

    /// One round: reads, publishes, deletes what the bus confirmed. Returns how many it tried.
    async fn publish_pending(&self, conn: &Conn) -> anyhow::Result<usize> {
        let rows: Vec<OutboxRow> =
            sql("select id, event_id, topic, key, payload, request_id from outbox \
             where due_at <= now() order by id limit $1")
            .bind::<BigInt, _>(BATCH)
            .rows(conn)
            .await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let messages = rows.into_iter().map(Message::from).collect();
        let mut done = Vec::new();
        let (mut failed, mut reasons) = (Vec::new(), Vec::new());
        for (id, outcome) in ids.iter().zip(self.bus.publish(messages).await) {
            match outcome {
                Ok(()) => done.push(*id),
                Err(reason) => {
                    failed.push(*id);
                    reasons.push(reason);
                }
            }
        }
        if !done.is_empty() {
            sql("delete from outbox where id = any($1)")
                .bind::<Array<BigInt>, _>(done)
                .run(conn)
                .await?;
        }
        if let Some(reason) = reasons.first() {
            tracing::warn!(events = failed.len(), reason, "events not published yet");
            sql("update outbox o set attempts = attempts + 1, last_error = r.reason, \
                 due_at = now() + least(power(2, attempts), 30) * interval '1 second' \
                 from unnest($1, $2) as r(id, reason) where o.id = r.id")
            .bind::<Array<BigInt>, _>(failed)
            .bind::<Array<Text>, _>(reasons)
            .run(conn)
            .await?;
        }
        Ok(ids.len())
    }
}

impl From<OutboxRow> for Message {
    fn from(row: OutboxRow) -> Self {
        Message {
            id: row.event_id,
            topic: row.topic,
            key: row.key,
            payload: row.payload,
            request_id: row.request_id,
        }
    }
}

async fn wait(stop: &CancellationToken, time: Duration) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(time) => {}
    }
}
