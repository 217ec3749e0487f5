//! The keys that sign access tokens: one signs, older ones are still believed for a while.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Bytea, Text};
use shared::db::{Conn, QueryResult, sql};

use super::seal::Sealer;
use crate::error::Error;

/// A key pair.
pub(crate) struct SigningKey {
    pub(crate) kid: String,
    pub(crate) seed: [u8; 32],
    pub(crate) public: Vec<u8>,
}

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = Text)]
    kid: String,
    #[diesel(sql_type = Bytea)]
    seed: Vec<u8>,
    #[diesel(sql_type = Bytea)]
    public: Vec<u8>,
}

fn place(kid: &str) -> String {
    format!("signing_key/{kid}")
}

/// Makes all processes that would change the keys queue, until the transaction's end.
pub(crate) async fn lock(tx: &Conn) -> QueryResult<usize> {
    sql("select pg_advisory_xact_lock(hashtext('aiflow signing keys'), hashtext(current_schema()::text))")
        .run(tx)
        .await
}

/// Whether a key signs that is younger than so many days.
pub(crate) async fn has_young(tx: &Conn, days: i64) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct YoungRow {
        #[diesel(sql_type = Bool)]
        young: bool,
    }
    let row: YoungRow = sql("select exists (select from signing_keys where retired_at is null \
         and created_at > now() - $1 * interval '1 day') as young")
    .bind::<BigInt, _>(days)
    .row(tx)
    .await?;
    Ok(row.young)
}

/// Puts a key in the place of the one that signs.
pub(crate) async fn replace(tx: &Conn, sealer: &Sealer, key: &SigningKey) -> Result<(), Error> {
    sql("update signing_keys set retired_at = now() where retired_at is null").run(tx).await?;
    let seed = sealer.seal(&place(&key.kid), &hex::encode(key.seed))?;
    sql("insert into signing_keys (kid, seed, public) values ($1, $2, $3)")
        .bind::<Text, _>(key.kid.as_str())
        .bind::<Bytea, _>(seed)
        .bind::<Bytea, _>(key.public.as_slice())
        .run(tx)
        .await?;
    Ok(())
}

/// The key that signs, then those retired less than so many seconds ago, the newest first.
pub(crate) async fn list(
    conn: &Conn,
    sealer: &Sealer,
    overlap_secs: i64,
) -> Result<Vec<SigningKey>, Error> {
    let rows: Vec<KeyRow> = sql("select kid, seed, public from signing_keys \
         where retired_at is null or retired_at > now() - $1 * interval '1 second' \
         order by retired_at desc nulls first")
    .bind::<BigInt, _>(overlap_secs)
    .rows(conn)
    .await?;
    rows.into_iter().map(|row| open(row, sealer)).collect()
}

fn open(row: KeyRow, sealer: &Sealer) -> Result<SigningKey, Error> {
    let digits = sealer.open(&place(&row.kid), &row.seed)?;
    let bytes = hex::decode(digits).or(Err(Error::Unsealable))?;
    let seed = bytes.try_into().or(Err(Error::Unsealable))?;
    Ok(SigningKey { kid: row.kid, seed, public: row.public })
}

/// Removes keys that are believed no more.
pub(crate) async fn delete_old(conn: &Conn, overlap_secs: i64) -> QueryResult<usize> {
    sql("delete from signing_keys where retired_at < now() - $1 * interval '1 second'")
        .bind::<BigInt, _>(overlap_secs)
        .run(conn)
        .await
}
