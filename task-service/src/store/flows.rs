//! Our copy of the flows that are online: titles and pages.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Text};
use shared::contract::flow::FlowPublished;
use shared::db::{Conn, QueryResult, sql};
use shared::id::{AppId, Tenant};

use crate::domain::link::Flow;

#[derive(QueryableByName)]
struct FlowRow {
    #[diesel(sql_type = Text)]
    flow_code: String,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Text)]
    detail_web_url: String,
    #[diesel(sql_type = Text)]
    detail_h5_url: String,
}

impl From<FlowRow> for Flow {
    fn from(row: FlowRow) -> Self {
        Flow {
            code: row.flow_code,
            title: row.title,
            web_url: row.detail_web_url,
            h5_url: row.detail_h5_url,
        }
    }
}

/// All third-party flows of an application. One without pages runs in our own engine: no order of an
/// ERP belongs to it.
pub(crate) async fn list(conn: &Conn, tenant: &Tenant, app: &AppId) -> QueryResult<Vec<Flow>> {
    let rows: Vec<FlowRow> =
        sql("select flow_code, title, detail_web_url, detail_h5_url from flows \
         where tenant = $1 and app_id = $2 and detail_web_url <> '' order by flow_code")
        .bind::<Text, _>(tenant.as_str())
        .bind::<Text, _>(app.as_str())
        .rows(conn)
        .await?;
    Ok(rows.into_iter().map(Flow::from).collect())
}

/// A flow of either kind.
pub(crate) async fn find(conn: &Conn, tenant: &Tenant, code: &str) -> QueryResult<Option<Flow>> {
    let row: Option<FlowRow> =
        sql("select flow_code, title, detail_web_url, detail_h5_url from flows \
         where tenant = $1 and flow_code = $2")
        .bind::<Text, _>(tenant.as_str())
        .bind::<Text, _>(code)
        .optional(conn)
        .await?;
    Ok(row.map(Flow::from))
}

/// Stores what is newer than what is there.
pub(crate) async fn save_all(tx: &Conn, flows: &[FlowPublished]) -> QueryResult<()> {
    let text = |part: fn(&FlowPublished) -> &str| flows.iter().map(part).collect::<Vec<_>>();
    // The newest of several about one flow; an upsert may touch a row only once.
    sql("insert into flows (tenant, flow_code, app_id, title, detail_web_url, detail_h5_url, revision) \
         select distinct on (1, 2) * from unnest($1, $2, $3, $4, $5, $6, $7) as t(a, b, c, d, e, f, g) order by 1, 2, 7 desc \
         on conflict (tenant, flow_code) do update set app_id = excluded.app_id, title = excluded.title, \
         detail_web_url = excluded.detail_web_url, detail_h5_url = excluded.detail_h5_url, revision = excluded.revision \
         where flows.revision < excluded.revision")
    .bind::<Array<Text>, _>(text(|flow| &flow.tenant))
    .bind::<Array<Text>, _>(text(|flow| &flow.flow_code))
    .bind::<Array<Text>, _>(text(|flow| &flow.app))
    .bind::<Array<Text>, _>(text(|flow| &flow.title))
    .bind::<Array<Text>, _>(text(|flow| &flow.detail_web_url))
    .bind::<Array<Text>, _>(text(|flow| &flow.detail_h5_url))
    .bind::<Array<BigInt>, _>(flows.iter().map(|flow| flow.revision).collect::<Vec<_>>())
    .run(tx)
    .await?;
    Ok(())
}
