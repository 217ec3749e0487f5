//! Flows that run here: their versions, and what the online one uses and how it starts.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::db::{Conn, QueryResult, sql};
use shared::id::{AppId, FlowCode, Tenant};
use uuid::Uuid;

use super::flows;
use crate::domain::definition::{Definition, StartPoint, StartTimer, StartTrigger};
use crate::domain::version::{Flow, Version};
use crate::error::Error;

const KIND: &str = "native";

/// The stored form of a version's content; fields are only ever added.
#[derive(Serialize, Deserialize)]
struct DefinitionJson {
    name: String,
    schema: Option<Value>,
    form_code: Option<String>,
    xml: String,
}

fn to_json(definition: &Definition) -> QueryResult<Value> {
    let Definition { name, schema, form_code, xml } = definition.clone();
    serde_json::to_value(DefinitionJson { name, schema, form_code, xml })
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))
}

fn from_json(value: Value) -> QueryResult<Definition> {
    let json: DefinitionJson = serde_json::from_value(value)
        .map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))?;
    let DefinitionJson { name, schema, form_code, xml } = json;
    Ok(Definition { name, schema, form_code, xml })
}

/// What making a flow came to.
pub(crate) enum Made {
    New,
    /// The very same request made it before.
    Before,
}

/// Makes a flow with its first version; a code that is there is taken.
pub(crate) async fn create(
    tx: &Conn,
    tenant: &Tenant,
    app: &AppId,
    code: &FlowCode,
    request_key: Uuid,
) -> Result<Made, Error> {
    if flows::create(tx, tenant, app, code, KIND, Some(request_key)).await? {
        return Ok(Made::New);
    }
    let row = flows::load(tx, tenant, code).await?;
    if row.request_key == Some(request_key) {
        Ok(Made::Before)
    } else {
        Err(Error::FlowTaken(code.to_string()))
    }
}

/// Locks a flow of this application that must exist; a version's content is its digest here.
pub(crate) async fn load(
    tx: &Conn,
    tenant: &Tenant,
    app: &AppId,
    code: &FlowCode,
) -> Result<Flow<String>, Error> {
    #[derive(QueryableByName)]
    struct HeadRow {
        #[diesel(sql_type = Integer)]
        version: i32,
        #[diesel(sql_type = Text)]
        state: String,
        #[diesel(sql_type = Nullable<Text>)]
        digest: Option<String>,
        #[diesel(sql_type = Timestamptz)]
        created_at: DateTime<Utc>,
    }
    let row = flows::load(tx, tenant, code).await?;
    if row.app_id != app.as_str() {
        return Err(Error::UnknownFlow(code.to_string()));
    }
    if row.kind != KIND {
        return Err(Error::NotNative(code.to_string()));
    }
    let rows: Vec<HeadRow> = sql("select version, state, digest, created_at from flow_versions \
         where tenant = $1 and flow_code = $2 order by version")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(code.as_str())
    .rows(tx)
    .await?;
    let version = |row: HeadRow| Version {
        number: row.version,
        state: flows::state_of(&row.state),
        content: row.digest.unwrap_or_default(),
        update_desc: None,
        created_at: row.created_at,
        online_at: None,
    };
    let versions = rows.into_iter().map(version).collect();
    Ok(Flow { code: code.clone(), revision: row.revision, versions })
}

/// Stores a new version.
pub(crate) async fn save_version(
    tx: &Conn,
    tenant: &Tenant,
    code: &FlowCode,
    version: &Version<String>,
    definition: &Definition,
) -> QueryResult<()> {
    let (content, digest) = (to_json(definition)?, version.content.clone());
    flows::insert_version(tx, tenant, code, version, content, Some(digest)).await
}

/// Changes a draft in place.
pub(crate) async fn save_draft(
    tx: &Conn,
    tenant: &Tenant,
    code: &FlowCode,
    number: i32,
    digest: &str,
    definition: &Definition,
) -> QueryResult<()> {
    sql("update flow_versions set content = $4, digest = $5 where tenant = $1 and flow_code = $2 and version = $3 \
         and state = 'draft'")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(code.as_str())
    .bind::<Integer, _>(number)
    .bind::<Jsonb, _>(to_json(definition)?)
    .bind::<Text, _>(digest)
    .run(tx)
    .await?;
    Ok(())
}

/// A version as it is stored.
pub(crate) struct Stored {
    pub(crate) app: String,
    pub(crate) number: i32,
    pub(crate) digest: String,
    pub(crate) definition: Definition,
}

#[derive(QueryableByName)]
struct StoredRow {
    #[diesel(sql_type = Text)]
    app_id: String,
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = Nullable<Text>)]
    digest: Option<String>,
    #[diesel(sql_type = Jsonb)]
    content: Value,
}

/// One version of a native flow; no number = the newest.
pub(crate) async fn show(
    conn: &Conn,
    tenant: &Tenant,
    code: &FlowCode,
    number: Option<i32>,
) -> QueryResult<Option<Stored>> {
    let row: Option<StoredRow> = sql("select f.app_id, v.version, v.digest, v.content from flows f \
         join flow_versions v on v.tenant = f.tenant and v.flow_code = f.flow_code \
         where f.tenant = $1 and f.flow_code = $2 and f.kind = 'native' and ($3 is null or v.version = $3) \
         order by v.version desc limit 1")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(code.as_str())
    .bind::<Nullable<Integer>, _>(number)
    .optional(conn)
    .await?;
    row.map(|row| {
        Ok(Stored {
            app: row.app_id,
            number: row.version,
            digest: row.digest.unwrap_or_default(),
            definition: from_json(row.content)?,
        })
    })
    .transpose()
}

/// Which versions are online of the flows named by `names`: flow codes, and ids of processes, of
/// which the one online longest counts. Pairs of name, flow, version.
pub(crate) async fn list_online(
    conn: &Conn,
    tenant: &Tenant,
    names: Vec<String>,
) -> QueryResult<Vec<(String, FlowCode, i32)>> {
    #[derive(QueryableByName)]
    struct OnlineRow {
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Text)]
        flow_code: String,
        #[diesel(sql_type = Integer)]
        version: i32,
    }
    let rows: Vec<OnlineRow> = sql("select distinct on (k.name) k.name, o.flow_code, o.version from unnest($2) as k(name) \
         cross join lateral ( \
           (select 0 as rank, v.flow_code, v.version, v.created_at as at from flow_versions v join flows f \
            on f.tenant = v.tenant and f.flow_code = v.flow_code and f.kind = 'native' \
            where v.tenant = $1 and v.flow_code = k.name and v.state = 'online' limit 1) \
           union all \
           (select 1, p.flow_code, p.version, p.online_at from online_processes p \
            where p.tenant = $1 and p.process_id = k.name order by p.online_at, p.flow_code limit 1)) o \
         order by k.name, o.rank, o.at")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Array<Text>, _>(names)
    .rows(conn)
    .await?;
    let online = |row: OnlineRow| (row.name, FlowCode::stored(row.flow_code), row.version);
    Ok(rows.into_iter().map(online).collect())
}

/// What a version needs once it is online.
pub(crate) struct Uses<'a> {
    pub(crate) processes: Vec<&'a str>,
    pub(crate) forms: Vec<String>,
    pub(crate) points: Vec<StartPoint>,
    /// The form that its orders are filled with.
    pub(crate) schema: Option<Value>,
}

/// Replaces what the version before it used.
pub(crate) async fn save_uses(
    tx: &Conn,
    tenant: &Tenant,
    code: &FlowCode,
    number: i32,
    uses: Uses<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sql("with gone as (delete from online_processes where tenant = $1 and flow_code = $2), \
         unused as (delete from form_uses where tenant = $1 and flow_code = $2) \
         delete from start_points where tenant = $1 and flow_code = $2")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(code.as_str())
    .run(tx)
    .await?;
    sql("with processes as (insert into online_processes (tenant, process_id, flow_code, version, online_at) \
           select distinct $1, p, $2, $3, $4 from unnest($5) as t(p)), \
         copied as (update flow_versions set content = jsonb_set(content, '{schema}', $7) \
           where tenant = $1 and flow_code = $2 and version = $3 and $7 is not null) \
         insert into form_uses (tenant, form_code, flow_code) select distinct $1, f, $2 from unnest($6) as t(f)")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(code.as_str())
    .bind::<Integer, _>(number)
    .bind::<Timestamptz, _>(now)
    .bind::<Array<Text>, _>(uses.processes)
    .bind::<Array<Text>, _>(uses.forms)
    .bind::<Nullable<Jsonb>, _>(uses.schema)
    .run(tx)
    .await?;
    save_points(tx, tenant, code, number, &uses.points, now).await
}

async fn save_points(
    tx: &Conn,
    tenant: &Tenant,
    code: &FlowCode,
    number: i32,
    points: &[StartPoint],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if points.is_empty() {
        return Ok(());
    }
    let (mut kinds, mut names, mut dues) = (Vec::new(), Vec::new(), Vec::new());
    for point in points {
        let (kind, name, due) = match &point.trigger {
            StartTrigger::Message(name) => ("message", name, None),
            StartTrigger::Signal(name) => ("signal", name, None),
            StartTrigger::Timer(timer) => {
                let due = timer.due(now, 0).map_err(Error::Timer)?;
                let (StartTimer::Date(text) | StartTimer::Duration(text) | StartTimer::Cycle(text)) =
                    timer;
                (timer_word(timer), text, due)
            }
        };
        kinds.push(kind);
        names.push(name.as_str());
        dues.push(due);
    }
    let ids: Vec<Uuid> = points.iter().map(|_| shared::id::new_id()).collect();
    sql("insert into start_points (id, tenant, flow_code, version, set_at, process_id, node, kind, name, due_at) \
         select i, $2, $3, $4, $5, p, n, k, w, d from unnest($1, $6, $7, $8, $9, $10) as t(i, p, n, k, w, d)")
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(code.as_str())
    .bind::<Integer, _>(number)
    .bind::<Timestamptz, _>(now)
    .bind::<Array<Text>, _>(points.iter().map(|point| point.process.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(points.iter().map(|point| point.node.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(kinds)
    .bind::<Array<Text>, _>(names)
    .bind::<Array<Nullable<Timestamptz>>, _>(dues)
    .run(tx)
    .await?;
    Ok(())
}

pub(super) fn timer_word(timer: &StartTimer) -> &'static str {
    match timer {
        StartTimer::Date(_) => "date",
        StartTimer::Duration(_) => "duration",
        StartTimer::Cycle(_) => "cycle",
    }
}

pub(super) fn timer_of(word: &str, text: String) -> Option<StartTimer> {
    match word {
        "date" => Some(StartTimer::Date(text)),
        "duration" => Some(StartTimer::Duration(text)),
        "cycle" => Some(StartTimer::Cycle(text)),
        _ => None,
    }
}
