//! Single tasks, as a decision finds them.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use shared::db::{Conn, QueryResult, sql};
use shared::id::{AppId, Tenant};

use super::orders::state_of;
use crate::domain::decision::{Decider, Standing};
use crate::domain::snapshot::OrderKey;
use crate::domain::status::{Source, Status, TaskResult};

/// A task of our own engine before `user` decides it, and its order.
pub(crate) async fn find_native(
    conn: &Conn,
    tenant: &Tenant,
    task: &str,
    user: &str,
) -> QueryResult<Option<(OrderKey, Standing)>> {
    #[derive(QueryableByName)]
    struct StandingRow {
        #[diesel(sql_type = Text)]
        app_id: String,
        #[diesel(sql_type = BigInt)]
        number: i64,
        #[diesel(sql_type = Text)]
        status: String,
        #[diesel(sql_type = Text)]
        result: String,
        #[diesel(sql_type = Nullable<Text>)]
        card: Option<String>,
        #[diesel(sql_type = Bool)]
        waits_for_somebody: bool,
    }
    let row: Option<StandingRow> = sql("select o.app_id, o.number, t.status, t.result, c.state as card, \
         exists (select from cards w where w.order_id = t.order_id and w.task_code = t.task_code and w.state = 'open') \
         as waits_for_somebody \
         from tasks t join orders o on o.id = t.order_id \
         left join cards c on c.order_id = t.order_id and c.task_code = t.task_code and c.user_code = $3 \
         where t.task_code = $2 and t.opened_seq is not null and o.tenant = $1")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(task)
    .bind::<Text, _>(user)
    .optional(conn)
    .await?;
    Ok(row.map(|row| {
        let app = AppId::stored(row.app_id);
        let key = OrderKey {
            tenant: tenant.clone(),
            app: app.clone(),
            number: row.number,
            source: Source::Native,
        };
        let standing = Standing {
            app,
            is_open: row.status != Status::Over.word(),
            result: TaskResult::stored(&row.result).unwrap_or(TaskResult::New),
            card: row.card.as_deref().map(state_of),
            waits_for_somebody: row.waits_for_somebody,
        };
        (key, standing)
    }))
}

#[derive(QueryableByName)]
struct FoundRow {
    #[diesel(sql_type = Bool)]
    found: bool,
}

/// Whether an ERP has given this person a task of that name.
pub(crate) async fn is_third_party(
    conn: &Conn,
    tenant: &Tenant,
    task: &str,
    user: &str,
) -> QueryResult<bool> {
    // The three list indexes cover every card a person can see.
    sql("select exists (select from cards c join tasks t on t.order_id = c.order_id and t.task_code = c.task_code \
         where c.tenant = $1 and c.user_code = $2 and c.task_code = $3 and t.opened_seq is null \
         and ((c.kind = 'todo' and c.state = 'open') or (c.kind = 'todo' and c.state = 'done') or (c.kind <> 'todo' and c.state <> 'gone'))) as found")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(user)
    .bind::<Text, _>(task)
    .row::<FoundRow>(conn)
    .await
    .map(|row| row.found)
}

/// Whether this number means an order of an ERP: there is none of our own, and it is the calling
/// application's, or it concerns the person.
pub(crate) async fn is_third_party_order(
    conn: &Conn,
    tenant: &Tenant,
    number: i64,
    decider: &Decider,
) -> QueryResult<bool> {
    sql("select exists (select from orders o where o.tenant = $1 and o.number = $2 and o.source = 'third_party' \
         and (o.app_id = $3 or ($3 is null and (o.initiator = $4 \
           or exists (select from cards c where c.order_id = o.id and c.user_code = $4 and c.state <> 'gone'))))) \
         and not exists (select from orders o where o.tenant = $1 and o.number = $2 and o.source = 'native') as found")
    .bind::<Text, _>(tenant.as_str())
    .bind::<BigInt, _>(number)
    .bind::<Nullable<Text>, _>(decider.app.as_ref().map(AppId::as_str))
    .bind::<Text, _>(decider.user.as_str())
    .row::<FoundRow>(conn)
    .await
    .map(|row| row.found)
}
