//! What is known of a task, and for whom it waits.

use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz};
use shared::db::{Conn, QueryResult, sql};

use crate::domain::change::Folded;
use crate::domain::notice::{NEVER_CLOSED, TaskKey};

/// The natural keys of tasks as columns.
#[derive(Default)]
pub(super) struct Keys<'a> {
    pub(super) tenants: Vec<&'a str>,
    pub(super) apps: Vec<&'a str>,
    pub(super) orders: Vec<i64>,
    pub(super) tasks: Vec<&'a str>,
}

impl<'a> Keys<'a> {
    pub(super) fn push(&mut self, key: &'a TaskKey) {
        self.tenants.push(&key.tenant);
        self.apps.push(&key.app);
        self.orders.push(key.order);
        self.tasks.push(&key.task);
    }
}

/// Stores the tasks of a batch. A task whose closing is heard first has no words yet; words that
/// stand are never changed. The initiator's name is the one known now.
pub(crate) async fn save_all(tx: &Conn, folded: &Folded) -> QueryResult<()> {
    let mut keys = Keys::default();
    let (mut titles, mut names, mut types, mut notes) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut initiators, mut business, mut due, mut seqs) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut before: Option<&TaskKey> = None;
    for (key, _) in folded.standings.keys() {
        if before == Some(key) {
            continue;
        }
        before = Some(key);
        keys.push(key);
        let words = folded.notices.get(key);
        let text = |part: fn(&crate::domain::notice::Notice) -> &str| {
            words.map_or("", |(_, notice)| part(notice))
        };
        titles.push(text(|notice| &notice.title));
        names.push(text(|notice| &notice.task_name));
        types.push(text(|notice| &notice.node_type));
        initiators.push(text(|notice| &notice.initiator));
        business.push(text(|notice| &notice.business_key));
        notes.push(text(|notice| &notice.note));
        due.push(words.and_then(|(_, notice)| notice.due_at));
        seqs.push(words.map_or(0, |(seq, _)| *seq));
    }
    sql("insert into notices as n (tenant, app_id, order_code, task_code, title, task_name, node_type, \
         initiator, business_key, due_at, seq, note) \
         select k.tenant, k.app, k.code, k.task, k.title, k.name, k.kind, \
         coalesce(p.name, k.initiator), k.business, k.due, k.seq, k.note \
         from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
           as k(tenant, app, code, task, title, name, kind, initiator, business, due, seq, note) \
         left join lateral (select name from people where tenant = k.tenant \
           and user_code = k.initiator limit 1) p on true \
         order by k.tenant, k.app, k.code, k.task \
         on conflict (tenant, app_id, order_code, task_code) do update set title = excluded.title, \
         task_name = excluded.task_name, node_type = excluded.node_type, initiator = excluded.initiator, \
         business_key = excluded.business_key, due_at = excluded.due_at, seq = excluded.seq, note = excluded.note \
         where n.seq = 0 and excluded.seq > 0")
    .bind::<Array<Text>, _>(keys.tenants)
    .bind::<Array<Text>, _>(keys.apps)
    .bind::<Array<BigInt>, _>(keys.orders)
    .bind::<Array<Text>, _>(keys.tasks)
    .bind::<Array<Text>, _>(titles)
    .bind::<Array<Text>, _>(names)
    .bind::<Array<Text>, _>(types)
    .bind::<Array<Text>, _>(initiators)
    .bind::<Array<Text>, _>(business)
    .bind::<Array<Nullable<Timestamptz>>, _>(due)
    .bind::<Array<BigInt>, _>(seqs)
    .bind::<Array<Text>, _>(notes)
    .run(tx)
    .await?;
    Ok(())
}

/// Stores for whom tasks wait, unless something newer is known. Rows are locked in the order in
/// which a recorded outcome locks them. (`lateral … limit 1` keeps PostgreSQL, which cannot know how
/// long an array is, from reading the whole table instead of its index.)
pub(crate) async fn save_standings(tx: &Conn, folded: &Folded) -> QueryResult<()> {
    let mut keys = Keys::default();
    let (mut users, mut open, mut seqs) = (Vec::new(), Vec::new(), Vec::new());
    for ((key, user), standing) in &folded.standings {
        keys.push(key);
        users.push(user.as_str());
        open.push(standing.open);
        seqs.push(standing.seq);
    }
    sql("insert into recipients as r (notice_id, user_code, open, seq) \
         select n.id, k.user_code, k.open, k.seq \
         from unnest($1, $2, $3, $4, $5, $6, $7) as k(tenant, app, code, task, user_code, open, seq) \
         cross join lateral (select id from notices where tenant = k.tenant and app_id = k.app \
           and order_code = k.code and task_code = k.task limit 1) n \
         order by n.id, k.user_code \
         on conflict (notice_id, user_code) do update set open = excluded.open, seq = excluded.seq \
         where excluded.seq > r.seq or (excluded.seq = r.seq and not excluded.open)")
    .bind::<Array<Text>, _>(keys.tenants)
    .bind::<Array<Text>, _>(keys.apps)
    .bind::<Array<BigInt>, _>(keys.orders)
    .bind::<Array<Text>, _>(keys.tasks)
    .bind::<Array<Text>, _>(users)
    .bind::<Array<Bool>, _>(open)
    .bind::<Array<BigInt>, _>(seqs)
    .run(tx)
    .await?;
    Ok(())
}

/// Removes a batch of old notices that wait for nobody, as what is only told never does, and of which no
/// delivery is kept.
pub(crate) async fn delete_old(conn: &Conn, days: i32, most: i64) -> QueryResult<usize> {
    sql("delete from notices where id in (select n.id from notices n \
         where n.created_at < now() - $1 * interval '1 day' \
         and (n.node_type = any($3) or not exists (select from recipients r where r.notice_id = n.id and r.open)) \
         and not exists (select from deliveries d where d.notice_id = n.id) limit $2)")
    .bind::<Integer, _>(days)
    .bind::<BigInt, _>(most)
    .bind::<Array<Text>, _>(NEVER_CLOSED.to_vec())
    .run(conn)
    .await
}
