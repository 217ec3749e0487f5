//! Each enterprise's DingTalk application and its one live token.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Bytea, Nullable, Text, Timestamptz};
use shared::db::{Conn, sql};
use shared::dingtalk::Access;
use shared::id::Tenant;

use super::seal::Sealer;
use crate::error::Error;

/// An enterprise's DingTalk application.
pub(crate) struct DingtalkApp {
    pub(crate) app_key: String,
    pub(crate) app_secret: String,
    pub(crate) agent_id: i64,
    pub(crate) corp_id: String,
    pub(crate) oapi_url: String,
    pub(crate) api_url: String,
    /// Where people sign in.
    pub(crate) login_url: String,
}

#[derive(QueryableByName)]
struct DingtalkRow {
    #[diesel(sql_type = Text)]
    app_key: String,
    #[diesel(sql_type = Bytea)]
    app_secret: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    agent_id: i64,
    #[diesel(sql_type = Text)]
    corp_id: String,
    #[diesel(sql_type = Text)]
    oapi_url: String,
    #[diesel(sql_type = Text)]
    api_url: String,
    #[diesel(sql_type = Text)]
    login_url: String,
    #[diesel(sql_type = Nullable<Bytea>)]
    token: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    token_until: Option<DateTime<Utc>>,
}

/// A token as it is stored.
pub(crate) struct StoredToken {
    pub(crate) access: Access,
    pub(crate) until: DateTime<Utc>,
}

fn place(tenant: &Tenant) -> String {
    format!("dingtalk/{tenant}")
}

/// Stores the application; a token of another one is forgotten.
pub(crate) async fn save(
    conn: &Conn,
    sealer: &Sealer,
    tenant: &Tenant,
    app: &DingtalkApp,
) -> Result<(), Error> {
    let secret = sealer.seal(&place(tenant), &app.app_secret)?;
    sql("insert into dingtalk_apps (tenant, app_key, app_secret, agent_id, corp_id, oapi_url, api_url, login_url) \
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (tenant) do update set app_key = excluded.app_key, \
         app_secret = excluded.app_secret, agent_id = excluded.agent_id, corp_id = excluded.corp_id, \
         oapi_url = excluded.oapi_url, api_url = excluded.api_url, login_url = excluded.login_url, token = null, token_until = null")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(app.app_key.as_str())
    .bind::<Bytea, _>(secret)
    .bind::<BigInt, _>(app.agent_id)
    .bind::<Text, _>(app.corp_id.as_str())
    .bind::<Text, _>(app.oapi_url.as_str())
    .bind::<Text, _>(app.api_url.as_str())
    .bind::<Text, _>(app.login_url.as_str())
    .run(conn)
    .await?;
    Ok(())
}

/// The enterprises that have an application, two at most: whether there is exactly one.
pub(crate) async fn list_open(conn: &Conn) -> Result<Vec<Tenant>, Error> {
    #[derive(QueryableByName)]
    struct OpenRow {
        #[diesel(sql_type = Text)]
        tenant: String,
    }
    let rows: Vec<OpenRow> =
        sql("select d.tenant from dingtalk_apps d join enterprises e on e.code = d.tenant \
         where e.enabled limit 2")
        .rows(conn)
        .await?;
    Ok(rows.into_iter().map(|row| Tenant::stored(row.tenant)).collect())
}

/// The application and, where there is one, its token.
pub(crate) async fn show(
    conn: &Conn,
    sealer: &Sealer,
    tenant: &Tenant,
) -> Result<Option<(DingtalkApp, Option<StoredToken>)>, Error> {
    let row: Option<DingtalkRow> = sql("select * from dingtalk_apps where tenant = $1")
        .bind::<Text, _>(tenant.as_str())
        .optional(conn)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let app = DingtalkApp {
        app_secret: sealer.open(&place(tenant), &row.app_secret)?,
        app_key: row.app_key,
        agent_id: row.agent_id,
        corp_id: row.corp_id,
        oapi_url: row.oapi_url,
        api_url: row.api_url,
        login_url: row.login_url,
    };
    let token = match (row.token, row.token_until) {
        (Some(sealed), Some(until)) => {
            Some(StoredToken { access: app.access(sealer.open(&place(tenant), &sealed)?), until })
        }
        _ => None,
    };
    Ok(Some((app, token)))
}

impl DingtalkApp {
    /// What other services get: a token, never the secret.
    pub(crate) fn access(&self, token: String) -> Access {
        Access {
            token,
            agent_id: self.agent_id,
            oapi_url: self.oapi_url.clone(),
            api_url: self.api_url.clone(),
        }
    }
}

/// Takes the office of refreshing for ten seconds; `false` when somebody else holds it.
pub(crate) async fn lease_refresh(conn: &Conn, tenant: &Tenant) -> Result<bool, Error> {
    #[derive(QueryableByName)]
    struct Leased {
        #[diesel(sql_type = Bool)]
        held: bool,
    }
    let leased: Option<Leased> = sql("update dingtalk_apps set refreshing_until = now() + interval '10 seconds' \
         where tenant = $1 and (refreshing_until is null or refreshing_until < now()) returning true as held")
    .bind::<Text, _>(tenant.as_str())
    .optional(conn)
    .await?;
    Ok(leased.is_some_and(|leased| leased.held))
}

/// Stores the token, or nothing after a failure, and ends the lease.
pub(crate) async fn end_refresh(
    conn: &Conn,
    sealer: &Sealer,
    tenant: &Tenant,
    token: Option<(&str, DateTime<Utc>)>,
) -> Result<(), Error> {
    let sealed = match token {
        Some((token, _)) => Some(sealer.seal(&place(tenant), token)?),
        None => None,
    };
    sql("update dingtalk_apps set token = coalesce($2, token), token_until = coalesce($3, token_until), \
         refreshing_until = null where tenant = $1")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Nullable<Bytea>, _>(sealed)
    .bind::<Nullable<Timestamptz>, _>(token.map(|(_, until)| until))
    .run(conn)
    .await?;
    Ok(())
}
