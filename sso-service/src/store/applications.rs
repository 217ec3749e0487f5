//! Applications with their sealed secrets.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Bool, Bytea, Nullable, Text, Timestamptz};
use shared::db::{Conn, QueryResult, sql};
use shared::id::{AppId, Tenant};

use super::seal::Sealer;
use crate::domain::application::{Application, Previous, Secret, Switches};
use crate::error::Error;

#[derive(QueryableByName)]
struct ApplicationRow {
    #[diesel(sql_type = Text)]
    tenant: String,
    #[diesel(sql_type = Text)]
    app_id: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    enabled: bool,
    #[diesel(sql_type = Bool)]
    accept_v0: bool,
    #[diesel(sql_type = Bool)]
    require_timestamp: bool,
    #[diesel(sql_type = Bool)]
    any_order: bool,
    #[diesel(sql_type = Bytea)]
    secret: Vec<u8>,
    #[diesel(sql_type = Nullable<Bytea>)]
    previous_secret: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    previous_until: Option<DateTime<Utc>>,
}

/// A listed application: everything but its secrets.
#[derive(Debug, QueryableByName)]
pub(crate) struct ListedRow {
    #[diesel(sql_type = Text)]
    pub(crate) tenant: String,
    #[diesel(sql_type = Text)]
    pub(crate) app_id: String,
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
    #[diesel(sql_type = Bool)]
    pub(crate) enabled: bool,
    #[diesel(sql_type = Bool)]
    pub(crate) accept_v0: bool,
    #[diesel(sql_type = Bool)]
    pub(crate) require_timestamp: bool,
    #[diesel(sql_type = Bool)]
    pub(crate) any_order: bool,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(crate) previous_until: Option<DateTime<Utc>>,
}

fn place(tenant: &str, app: &str) -> String {
    format!("application/{tenant}/{app}")
}

impl ApplicationRow {
    fn open(self, sealer: &Sealer) -> Result<Application, Error> {
        let place = place(&self.tenant, &self.app_id);
        let previous = match (self.previous_secret, self.previous_until) {
            (Some(sealed), Some(until)) => {
                Some(Previous { secret: Secret::stored(sealer.open(&place, &sealed)?), until })
            }
            _ => None,
        };
        Ok(Application {
            secret: Secret::stored(sealer.open(&place, &self.secret)?),
            previous,
            tenant: Tenant::stored(self.tenant),
            app: AppId::stored(self.app_id),
            name: self.name,
            enabled: self.enabled,
            switches: Switches {
                accept_v0: self.accept_v0,
                require_timestamp: self.require_timestamp,
                any_order: self.any_order,
            },
        })
    }
}

/// Locks an application that must exist.
pub(crate) async fn load(
    tx: &Conn,
    sealer: &Sealer,
    tenant: &Tenant,
    app: &AppId,
) -> Result<Application, Error> {
    let row: Option<ApplicationRow> =
        sql("select * from applications where tenant = $1 and app_id = $2 for update")
            .bind::<Text, _>(tenant.as_str())
            .bind::<Text, _>(app.as_str())
            .optional(tx)
            .await?;
    row.ok_or_else(|| Error::UnknownApplication(app.to_string()))?.open(sealer)
}

/// An application as the gateway asks for it; `enabled` also says whether its enterprise is.
pub(crate) async fn show(
    conn: &Conn,
    sealer: &Sealer,
    tenant: &Tenant,
    app: &AppId,
) -> Result<Option<Application>, Error> {
    let row: Option<ApplicationRow> = sql("select a.tenant, a.app_id, a.name, a.enabled and e.enabled as enabled, \
         a.accept_v0, a.require_timestamp, a.any_order, a.secret, a.previous_secret, a.previous_until \
         from applications a join enterprises e on e.code = a.tenant where a.tenant = $1 and a.app_id = $2")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(app.as_str())
    .optional(conn)
    .await?;
    row.map(|row| row.open(sealer)).transpose()
}

/// Whether a new application found its place free.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Inserted {
    New,
    Existing,
}

/// Adds a new application, unless the place is taken.
pub(crate) async fn insert(
    tx: &Conn,
    sealer: &Sealer,
    application: &Application,
) -> Result<Inserted, Error> {
    let (tenant, app) = (application.tenant.as_str(), application.app.as_str());
    let secret = sealer.seal(&place(tenant, app), application.secret.expose())?;
    let rows = sql("insert into applications (tenant, app_id, name, enabled, accept_v0, require_timestamp, any_order, secret) \
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing")
    .bind::<Text, _>(tenant)
    .bind::<Text, _>(app)
    .bind::<Text, _>(application.name.as_str())
    .bind::<Bool, _>(application.enabled)
    .bind::<Bool, _>(application.switches.accept_v0)
    .bind::<Bool, _>(application.switches.require_timestamp)
    .bind::<Bool, _>(application.switches.any_order)
    .bind::<Bytea, _>(secret)
    .run(tx)
    .await?;
    Ok(if rows == 1 { Inserted::New } else { Inserted::Existing })
}

/// Stores a changed application.
pub(crate) async fn save(
    tx: &Conn,
    sealer: &Sealer,
    application: &Application,
) -> Result<(), Error> {
    let (tenant, app) = (application.tenant.as_str(), application.app.as_str());
    let place = place(tenant, app);
    let secret = sealer.seal(&place, application.secret.expose())?;
    let previous = match &application.previous {
        Some(previous) => Some(sealer.seal(&place, previous.secret.expose())?),
        None => None,
    };
    sql("update applications set name = $3, enabled = $4, accept_v0 = $5, require_timestamp = $6, any_order = $7, \
         secret = $8, previous_secret = $9, previous_until = $10 where tenant = $1 and app_id = $2")
    .bind::<Text, _>(tenant)
    .bind::<Text, _>(app)
    .bind::<Text, _>(application.name.as_str())
    .bind::<Bool, _>(application.enabled)
    .bind::<Bool, _>(application.switches.accept_v0)
    .bind::<Bool, _>(application.switches.require_timestamp)
    .bind::<Bool, _>(application.switches.any_order)
    .bind::<Bytea, _>(secret)
    .bind::<Nullable<Bytea>, _>(previous)
    .bind::<Nullable<Timestamptz>, _>(application.previous.as_ref().map(|previous| previous.until))
    .run(tx)
    .await?;
    Ok(())
}

/// All applications of all enterprises.
pub(crate) async fn list(conn: &Conn) -> QueryResult<Vec<ListedRow>> {
    sql("select tenant, app_id, name, enabled, accept_v0, require_timestamp, any_order, previous_until \
         from applications order by tenant, app_id")
    .rows(conn)
    .await
}
