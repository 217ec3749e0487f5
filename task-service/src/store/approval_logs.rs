//! Approval history; lines whose order has not come yet wait for it by its number.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz};
use shared::db::{Conn, QueryResult, sql};

use super::own;
use crate::domain::approval_log::ApprovalLog;
use crate::domain::attachment::Attachment;
use crate::domain::snapshot::OrderKey;

/// Days for which a line waits for its order (spec "approval/log").
const WAITING_DAYS: i32 = 7;

/// A stored line.
#[derive(QueryableByName)]
pub(crate) struct LogRow {
    #[diesel(sql_type = Text)]
    pub(crate) task_code: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) task_name: Option<String>,
    #[diesel(sql_type = Text)]
    pub(crate) handler: String,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) handled_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    pub(crate) result: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) comment: Option<String>,
    /// Of an operation: what was done.
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) action: Option<String>,
    /// To whom or whom it was about.
    #[diesel(sql_type = Array<Text>)]
    pub(crate) people: Vec<String>,
    /// For whom the handler stood in.
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) on_behalf_of: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    attachments_text: Option<String>,
}

impl LogRow {
    pub(crate) fn attachments(&self) -> Vec<Attachment> {
        own::attachments_of(self.attachments_text.as_deref())
    }
}

/// Adds what is new; gives how many lines were.
pub(crate) async fn save_all(
    tx: &Conn,
    key: &OrderKey,
    logs: &[ApprovalLog],
) -> QueryResult<usize> {
    if logs.is_empty() {
        return Ok(0);
    }
    sql("insert into approval_logs (tenant, app_id, number, source, task_code, task_name, handler, handled_at, result, comment, waiting) \
         select $1, $2, $3, $4, t.*, not exists (select from orders where tenant = $1 and app_id = $2 and number = $3 and source = $4) \
         from unnest($5, $6, $7, $8, $9, $10) t on conflict do nothing")
    .bind::<Text, _>(key.tenant.as_str())
    .bind::<Text, _>(key.app.as_str())
    .bind::<BigInt, _>(key.number)
    .bind::<Text, _>(key.source.word())
    .bind::<Array<Text>, _>(logs.iter().map(|log| log.task.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(logs.iter().map(|log| log.task_name.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(logs.iter().map(|log| log.handler.as_str()).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(logs.iter().map(|log| log.handled_at).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(logs.iter().map(|log| log.what.word()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(logs.iter().map(|log| log.comment.as_deref()).collect::<Vec<_>>())
    .run(tx)
    .await
}

/// An order's history, oldest first.
pub(crate) async fn list(conn: &Conn, key: &OrderKey) -> QueryResult<Vec<LogRow>> {
    sql("select task_code, task_name, handler, handled_at, result, comment, action, \
         coalesce(people, '{}') as people, on_behalf_of, attachments::text as attachments_text from approval_logs \
         where tenant = $1 and app_id = $2 and number = $3 and source = $4 \
         order by handled_at, line, case when source = 'native' then task_code end, id limit 1000")
    .bind::<Text, _>(key.tenant.as_str())
    .bind::<Text, _>(key.app.as_str())
    .bind::<BigInt, _>(key.number)
    .bind::<Text, _>(key.source.word())
    .rows(conn)
    .await
}

/// Removes lines whose order did not come within its time; those whose order has come wait no more.
pub(crate) async fn delete_orphans(conn: &Conn) -> QueryResult<usize> {
    sql("update approval_logs l set waiting = false where l.waiting and exists \
         (select from orders o where o.tenant = l.tenant and o.app_id = l.app_id and o.number = l.number and o.source = l.source)")
    .run(conn)
    .await?;
    sql("delete from approval_logs where waiting and stored_at < now() - $1 * interval '1 day'")
        .bind::<Integer, _>(WAITING_DAYS)
        .run(conn)
        .await
}
