//! Openings that were heard and wait until their pushes can go out.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Text};
use shared::contract::Event;
use shared::contract::task::TasksChanged;
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

#[derive(QueryableByName)]
struct ChangeRow {
    #[diesel(sql_type = Text)]
    payload: String,
}

fn read(rows: Vec<ChangeRow>) -> QueryResult<Vec<TasksChanged>> {
    rows.iter()
        .map(|row| {
            TasksChanged::read(&row.payload)
                .map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))
        })
        .collect()
}

/// Puts changes at the end of their enterprises' queues.
pub(crate) async fn save_all(tx: &Conn, changes: &[TasksChanged]) -> QueryResult<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let payloads = changes
        .iter()
        .map(TasksChanged::write)
        .collect::<Result<Vec<String>, _>>()
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
    sql("insert into changes (tenant, payload) select * from unnest($1, $2)")
        .bind::<Array<Text>, _>(
            changes.iter().map(|change| change.tenant.as_str()).collect::<Vec<_>>(),
        )
        .bind::<Array<Text>, _>(payloads)
        .run(tx)
        .await?;
    Ok(())
}

/// Takes the oldest of an enterprise out, if fewer than `enough` of its pushes are due.
pub(crate) async fn take_oldest(
    tx: &Conn,
    tenant: &Tenant,
    most: i64,
    enough: i64,
) -> QueryResult<Vec<TasksChanged>> {
    let rows: Vec<ChangeRow> = sql("delete from changes c using ( \
           select id from changes where tenant = $1 and $3 > (select count(*) from ( \
             select from deliveries where tenant = $1 and state = 'due' and channel = 'work' \
             and due_at <= now() limit $3) d) \
           order by id limit $2 for update skip locked) taken \
         where c.tenant = $1 and c.id = taken.id returning c.payload")
    .bind::<Text, _>(tenant.as_str())
    .bind::<BigInt, _>(most)
    .bind::<BigInt, _>(enough)
    .rows(tx)
    .await?;
    read(rows)
}

/// The enterprises of which something waits, found by leaps through the index.
pub(crate) async fn list_tenants(conn: &Conn) -> QueryResult<Vec<Tenant>> {
    #[derive(QueryableByName)]
    struct TenantRow {
        #[diesel(sql_type = Text)]
        tenant: String,
    }
    let rows: Vec<TenantRow> = sql("with recursive t(tenant) as ( \
           (select tenant from changes order by tenant limit 1) \
           union all \
           select (select c.tenant from changes c where c.tenant > t.tenant \
                   order by c.tenant limit 1) from t where t.tenant is not null) \
         select tenant from t where tenant is not null")
    .rows(conn)
    .await?;
    Ok(rows.into_iter().map(|row| Tenant::stored(row.tenant)).collect())
}
