//! What flows of either kind have in common: whose a code is, and the states of versions.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{
    BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use serde_json::Value;
use shared::db::{Conn, QueryResult, sql};
use shared::id::{AppId, FlowCode, Tenant};
use uuid::Uuid;

use crate::domain::version::{State, Version};
use crate::error::Error;

/// Whose a code is.
#[derive(QueryableByName)]
pub(super) struct FlowRow {
    #[diesel(sql_type = Text)]
    pub(super) app_id: String,
    #[diesel(sql_type = Text)]
    pub(super) kind: String,
    #[diesel(sql_type = BigInt)]
    pub(super) revision: i64,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub(super) request_key: Option<Uuid>,
}

pub(super) fn state_word(state: State) -> &'static str {
    match state {
        State::Draft => "draft",
        State::Online => "online",
        State::Retired => "retired",
    }
}

pub(super) fn state_of(word: &str) -> State {
    match word {
        "online" => State::Online,
        "retired" => State::Retired,
        _ => State::Draft,
    }
}

/// Makes a flow's row if the code is free; `true` if it was.
pub(super) async fn create(
    tx: &Conn,
    tenant: &Tenant,
    app: &AppId,
    code: &FlowCode,
    kind: &'static str,
    request_key: Option<Uuid>,
) -> QueryResult<bool> {
    let made = sql("insert into flows (tenant, flow_code, app_id, kind, request_key) values ($1, $2, $3, $4, $5) \
         on conflict do nothing")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(code.as_str())
    .bind::<Text, _>(app.as_str())
    .bind::<Text, _>(kind)
    .bind::<Nullable<SqlUuid>, _>(request_key)
    .run(tx)
    .await?;
    Ok(made == 1)
}

/// Locks a flow that must exist.
pub(super) async fn load(tx: &Conn, tenant: &Tenant, code: &FlowCode) -> Result<FlowRow, Error> {
    sql("select app_id, kind, revision, request_key from flows where tenant = $1 and flow_code = $2 for update")
        .bind::<Text, _>(tenant.as_str())
        .bind::<Text, _>(code.as_str())
        .optional(tx)
        .await?
        .ok_or_else(|| Error::UnknownFlow(code.to_string()))
}

/// Stores a new version with its content.
pub(super) async fn insert_version<C>(
    tx: &Conn,
    tenant: &Tenant,
    code: &FlowCode,
    version: &Version<C>,
    content: Value,
    digest: Option<String>,
) -> QueryResult<()> {
    sql("insert into flow_versions (tenant, flow_code, version, state, content, update_desc, created_at, online_at, digest) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(code.as_str())
    .bind::<Integer, _>(version.number)
    .bind::<Text, _>(state_word(version.state))
    .bind::<Jsonb, _>(content)
    .bind::<Nullable<Text>, _>(version.update_desc.clone())
    .bind::<Timestamptz, _>(version.created_at)
    .bind::<Nullable<Timestamptz>, _>(version.online_at)
    .bind::<Nullable<Text>, _>(digest)
    .run(tx)
    .await?;
    Ok(())
}

/// Makes a version the one that serves; the one before it retires first, because only one may be
/// online at any moment. Gives the flow's new revision.
pub(crate) async fn save_online<C>(
    tx: &Conn,
    tenant: &Tenant,
    code: &FlowCode,
    online: &Version<C>,
) -> QueryResult<i64> {
    let (update_desc, online_at): (Option<String>, Option<DateTime<Utc>>) =
        (online.update_desc.clone(), online.online_at);
    sql("update flow_versions set state = 'retired' where tenant = $1 and flow_code = $2 and state = 'online'")
        .bind::<Text, _>(tenant.as_str())
        .bind::<Text, _>(code.as_str())
        .run(tx)
        .await?;
    sql("update flow_versions set state = 'online', update_desc = $4, online_at = $5 \
         where tenant = $1 and flow_code = $2 and version = $3")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(code.as_str())
    .bind::<Integer, _>(online.number)
    .bind::<Nullable<Text>, _>(update_desc)
    .bind::<Nullable<Timestamptz>, _>(online_at)
    .run(tx)
    .await?;
    #[derive(QueryableByName)]
    struct RevisionRow {
        #[diesel(sql_type = BigInt)]
        revision: i64,
    }
    let row: RevisionRow = sql("update flows set revision = revision + 1 where tenant = $1 and flow_code = $2 returning revision")
        .bind::<Text, _>(tenant.as_str())
        .bind::<Text, _>(code.as_str())
        .row(tx)
        .await?;
    Ok(row.revision)
}

/// Whether a flow of either kind has a version; no number = any.
pub(crate) async fn has_version(
    tx: &Conn,
    tenant: &Tenant,
    code: &FlowCode,
    number: Option<i32>,
) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct HasRow {
        #[diesel(sql_type = Bool)]
        has: bool,
    }
    let row: HasRow =
        sql("select exists (select from flow_versions where tenant = $1 and flow_code = $2 \
         and ($3 is null or version = $3)) as has")
        .bind::<Text, _>(tenant.as_str())
        .bind::<Text, _>(code.as_str())
        .bind::<Nullable<Integer>, _>(number)
        .row(tx)
        .await?;
    Ok(row.has)
}
