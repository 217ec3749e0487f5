//! Third-party flows with their versions.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Integer, Jsonb, Nullable, Text, Timestamptz};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::contract::flow::FlowPublished;
use shared::db::{Conn, QueryResult, sql};
use shared::id::{AppId, FlowCode, Tenant};

use super::flows;
use crate::domain::apply_rule::ApplyRule;
use crate::domain::third_party::{Content, Pages};
use crate::domain::version::{Flow, Version};
use crate::error::Error;

const KIND: &str = "third_party";

/// The stored form of a version's content; fields are only ever added.
#[derive(Serialize, Deserialize)]
struct ContentJson {
    title: String,
    initiate: PagesJson,
    detail: PagesJson,
    group: String,
    manager: String,
    operator: String,
    configurer: String,
    creator: String,
    on_pc: bool,
    on_mobile: bool,
    may_apply: RuleJson,
    may_manage: RuleJson,
}

#[derive(Serialize, Deserialize)]
struct PagesJson {
    h5: String,
    web: String,
}

#[derive(Default, Serialize, Deserialize)]
struct RuleJson {
    all: bool,
    #[serde(default)]
    users: Vec<String>,
    #[serde(default)]
    departments: Vec<String>,
    #[serde(default)]
    groups: Vec<String>,
}

impl From<Pages> for PagesJson {
    fn from(Pages { h5, web }: Pages) -> Self {
        Self { h5, web }
    }
}

impl From<PagesJson> for Pages {
    fn from(PagesJson { h5, web }: PagesJson) -> Self {
        Self { h5, web }
    }
}

impl From<ApplyRule> for RuleJson {
    fn from(rule: ApplyRule) -> Self {
        match rule {
            ApplyRule::All => Self { all: true, ..Self::default() },
            ApplyRule::Named { users, departments, groups } => {
                Self { all: false, users, departments, groups }
            }
        }
    }
}

impl From<RuleJson> for ApplyRule {
    fn from(RuleJson { all, users, departments, groups }: RuleJson) -> Self {
        if all { ApplyRule::All } else { ApplyRule::Named { users, departments, groups } }
    }
}

fn to_json(content: Content) -> QueryResult<Value> {
    let json = ContentJson {
        title: content.title,
        initiate: content.initiate.into(),
        detail: content.detail.into(),
        group: content.group,
        manager: content.manager,
        operator: content.operator,
        configurer: content.configurer,
        creator: content.creator,
        on_pc: content.on_pc,
        on_mobile: content.on_mobile,
        may_apply: content.may_apply.into(),
        may_manage: content.may_manage.into(),
    };
    serde_json::to_value(json)
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))
}

fn from_json(value: Value) -> QueryResult<Content> {
    let json: ContentJson = serde_json::from_value(value)
        .map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))?;
    Ok(Content {
        title: json.title,
        initiate: json.initiate.into(),
        detail: json.detail.into(),
        group: json.group,
        manager: json.manager,
        operator: json.operator,
        configurer: json.configurer,
        creator: json.creator,
        on_pc: json.on_pc,
        on_mobile: json.on_mobile,
        may_apply: json.may_apply.into(),
        may_manage: json.may_manage.into(),
    })
}

/// Locks a flow, making its row on first use; a code of another application or kind is taken.
pub(crate) async fn load_or_create(
    tx: &Conn,
    tenant: &Tenant,
    app: &AppId,
    code: &FlowCode,
) -> Result<Flow<Content>, Error> {
    flows::create(tx, tenant, app, code, KIND, None).await?;
    let row = flows::load(tx, tenant, code).await?;
    if row.app_id != app.as_str() || row.kind != KIND {
        return Err(Error::FlowTaken(code.to_string()));
    }
    with_versions(tx, tenant, code, row.revision).await
}

/// Locks a flow of this application that must exist.
pub(crate) async fn load(
    tx: &Conn,
    tenant: &Tenant,
    app: &AppId,
    code: &FlowCode,
) -> Result<Flow<Content>, Error> {
    let row = flows::load(tx, tenant, code).await?;
    if row.kind != KIND {
        return Err(Error::NotThirdParty(code.to_string()));
    }
    if row.app_id != app.as_str() {
        return Err(Error::UnknownFlow(code.to_string()));
    }
    with_versions(tx, tenant, code, row.revision).await
}

async fn with_versions(
    tx: &Conn,
    tenant: &Tenant,
    code: &FlowCode,
    revision: i64,
) -> Result<Flow<Content>, Error> {
    #[derive(QueryableByName)]
    struct VersionRow {
        #[diesel(sql_type = Integer)]
        version: i32,
        #[diesel(sql_type = Text)]
        state: String,
        #[diesel(sql_type = Jsonb)]
        content: Value,
        #[diesel(sql_type = Nullable<Text>)]
        update_desc: Option<String>,
        #[diesel(sql_type = Timestamptz)]
        created_at: DateTime<Utc>,
        #[diesel(sql_type = Nullable<Timestamptz>)]
        online_at: Option<DateTime<Utc>>,
    }
    let rows: Vec<VersionRow> =
        sql("select version, state, content, update_desc, created_at, online_at \
         from flow_versions where tenant = $1 and flow_code = $2 order by version")
        .bind::<Text, _>(tenant.as_str())
        .bind::<Text, _>(code.as_str())
        .rows(tx)
        .await?;
    let version = |row: VersionRow| -> QueryResult<Version<Content>> {
        Ok(Version {
            number: row.version,
            state: flows::state_of(&row.state),
            content: from_json(row.content)?,
            update_desc: row.update_desc,
            created_at: row.created_at,
            online_at: row.online_at,
        })
    };
    let versions = rows.into_iter().map(version).collect::<QueryResult<_>>()?;
    Ok(Flow { code: code.clone(), revision, versions })
}

/// Stores a version, and makes its group if it is new.
pub(crate) async fn save_version(
    tx: &Conn,
    tenant: &Tenant,
    code: &FlowCode,
    version: Version<Content>,
) -> QueryResult<()> {
    sql("insert into flow_groups (tenant, group_id) values ($1, $2) on conflict do nothing")
        .bind::<Text, _>(tenant.as_str())
        .bind::<Text, _>(version.content.group.clone())
        .run(tx)
        .await?;
    let content = to_json(version.content.clone())?;
    flows::insert_version(tx, tenant, code, &version, content, None).await
}

/// The online flows of an application, as others know them.
pub(crate) async fn list_online(
    conn: &Conn,
    tenant: &Tenant,
    app: &AppId,
) -> QueryResult<Vec<FlowPublished>> {
    #[derive(QueryableByName)]
    struct OnlineRow {
        #[diesel(sql_type = Text)]
        flow_code: String,
        #[diesel(sql_type = BigInt)]
        revision: i64,
        #[diesel(sql_type = Integer)]
        version: i32,
        #[diesel(sql_type = Jsonb)]
        content: Value,
    }
    let rows: Vec<OnlineRow> = sql("select f.flow_code, f.revision, v.version, v.content from flows f \
         join flow_versions v on v.tenant = f.tenant and v.flow_code = f.flow_code and v.state = 'online' \
         where f.tenant = $1 and f.app_id = $2 and f.kind = 'third_party' order by f.flow_code")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(app.as_str())
    .rows(conn)
    .await?;
    let fact = |row: OnlineRow| -> QueryResult<FlowPublished> {
        let content = from_json(row.content)?;
        Ok(FlowPublished {
            tenant: tenant.to_string(),
            app: app.to_string(),
            flow_code: row.flow_code,
            version: row.version,
            title: content.title,
            detail_web_url: content.detail.web,
            detail_h5_url: content.detail.h5,
            revision: row.revision,
        })
    };
    rows.into_iter().map(fact).collect()
}
