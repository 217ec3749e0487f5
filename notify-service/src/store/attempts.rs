//! The ledger: every attempt of every delivery.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz};
use shared::db::{Conn, QueryResult, sql};

/// The most attempts shown of one delivery.
const MOST_SHOWN: i64 = 200;

/// One attempt.
#[derive(Debug, QueryableByName)]
pub(crate) struct AttemptRow {
    #[diesel(sql_type = Integer)]
    pub(crate) no: i32,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    pub(crate) what: String,
    #[diesel(sql_type = Bool)]
    pub(crate) ok: bool,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) code: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) detail: Option<String>,
}

/// The newest attempts of a delivery, newest first.
pub(crate) async fn list(conn: &Conn, delivery: i64) -> QueryResult<Vec<AttemptRow>> {
    sql("select no, at, what, ok, code, detail from attempts where delivery_id = $1 \
         order by no desc limit $2")
    .bind::<BigInt, _>(delivery)
    .bind::<BigInt, _>(MOST_SHOWN)
    .rows(conn)
    .await
}
