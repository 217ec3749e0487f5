//! How enterprises sign people in, with their sealed client secrets.

use diesel::QueryableByName;
use diesel::sql_types::{Bool, Bytea, Text};
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

use super::seal::Sealer;
use crate::domain::application::Secret;
use crate::domain::provider::{Dialect, Endpoint, Provider};
use crate::error::Error;

#[derive(QueryableByName)]
struct ProviderRow {
    #[diesel(sql_type = Text)]
    authorize_url: String,
    #[diesel(sql_type = Text)]
    token_url: String,
    #[diesel(sql_type = Text)]
    userinfo_url: String,
    #[diesel(sql_type = Text)]
    client_id: String,
    #[diesel(sql_type = Bytea)]
    client_secret: Vec<u8>,
    #[diesel(sql_type = Text)]
    scope: String,
    #[diesel(sql_type = Text)]
    dialect: String,
    #[diesel(sql_type = Bool)]
    pkce: bool,
    #[diesel(sql_type = Bool)]
    bind_by_email: bool,
    #[diesel(sql_type = Bool)]
    auto_create: bool,
    #[diesel(sql_type = Bool)]
    enabled: bool,
}

fn place(tenant: &Tenant) -> String {
    format!("provider/{tenant}")
}

/// An enterprise's provider; `enabled` also says whether the enterprise is.
pub(crate) async fn show(
    conn: &Conn,
    sealer: &Sealer,
    tenant: &Tenant,
) -> Result<Option<Provider>, Error> {
    let row: Option<ProviderRow> = sql("select p.authorize_url, p.token_url, p.userinfo_url, p.client_id, p.client_secret, \
         p.scope, p.dialect, p.pkce, p.bind_by_email, p.auto_create, p.enabled and e.enabled as enabled \
         from providers p join enterprises e on e.code = p.tenant where p.tenant = $1")
    .bind::<Text, _>(tenant.as_str())
    .optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Provider {
        tenant: tenant.clone(),
        authorize_url: Endpoint::parse(&row.authorize_url)?,
        token_url: Endpoint::parse(&row.token_url)?,
        userinfo_url: Endpoint::parse(&row.userinfo_url)?,
        client_id: row.client_id,
        client_secret: Secret::stored(sealer.open(&place(tenant), &row.client_secret)?),
        scope: row.scope,
        dialect: Dialect::parse(&row.dialect)?,
        pkce: row.pkce,
        bind_by_email: row.bind_by_email,
        auto_create: row.auto_create,
        enabled: row.enabled,
    }))
}

/// The enterprises whose people can sign in, two at most: whether there is exactly one.
pub(crate) async fn list_open(conn: &Conn) -> QueryResult<Vec<Tenant>> {
    #[derive(QueryableByName)]
    struct OpenRow {
        #[diesel(sql_type = Text)]
        tenant: String,
    }
    let rows: Vec<OpenRow> =
        sql("select p.tenant from providers p join enterprises e on e.code = p.tenant \
         where p.enabled and e.enabled limit 2")
        .rows(conn)
        .await?;
    Ok(rows.into_iter().map(|row| Tenant::stored(row.tenant)).collect())
}

/// Stores it in place of what was there.
pub(crate) async fn save(tx: &Conn, sealer: &Sealer, provider: &Provider) -> Result<(), Error> {
    let secret = sealer.seal(&place(&provider.tenant), provider.client_secret.expose())?;
    sql("insert into providers (tenant, authorize_url, token_url, userinfo_url, client_id, client_secret, scope, \
         dialect, pkce, bind_by_email, auto_create, enabled) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         on conflict (tenant) do update set authorize_url = excluded.authorize_url, token_url = excluded.token_url, \
         userinfo_url = excluded.userinfo_url, client_id = excluded.client_id, client_secret = excluded.client_secret, \
         scope = excluded.scope, dialect = excluded.dialect, pkce = excluded.pkce, \
         bind_by_email = excluded.bind_by_email, auto_create = excluded.auto_create, enabled = excluded.enabled, \
         updated_at = now()")
    .bind::<Text, _>(provider.tenant.as_str())
    .bind::<Text, _>(provider.authorize_url.as_str())
    .bind::<Text, _>(provider.token_url.as_str())
    .bind::<Text, _>(provider.userinfo_url.as_str())
    .bind::<Text, _>(provider.client_id.as_str())
    .bind::<Bytea, _>(secret)
    .bind::<Text, _>(provider.scope.as_str())
    .bind::<Text, _>(provider.dialect.as_str())
    .bind::<Bool, _>(provider.pkce)
    .bind::<Bool, _>(provider.bind_by_email)
    .bind::<Bool, _>(provider.auto_create)
    .bind::<Bool, _>(provider.enabled)
    .run(tx)
    .await?;
    Ok(())
}

/// Switches it on or off; how many rows that touched.
pub(crate) async fn enable(tx: &Conn, tenant: &Tenant, enabled: bool) -> QueryResult<usize> {
    sql("update providers set enabled = $2, updated_at = now() where tenant = $1")
        .bind::<Text, _>(tenant.as_str())
        .bind::<Bool, _>(enabled)
        .run(tx)
        .await
}
