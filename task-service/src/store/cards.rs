//! The lists people look at: pages of cards, counts, read marks.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz};
use futures_util::try_join;
use shared::db::{Conn, QueryResult, sql};
use shared::id::Tenant;

use super::orders::source_of;
use super::own;
use crate::domain::decision::{Action, TAKE_BACK};
use crate::domain::link::{self, Values};
use crate::domain::status::Source;
use crate::domain::worklist::{List, PageOf, Row, SOON_HOURS, Sort, Summary, Terminal};

#[derive(QueryableByName)]
struct ListRow {
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Text)]
    app_id: String,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    task_code: String,
    #[diesel(sql_type = Nullable<Text>)]
    task_name: Option<String>,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Text)]
    business_key: String,
    #[diesel(sql_type = Nullable<Text>)]
    flow_code: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    flow_title: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    detail_web_url: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    detail_h5_url: Option<String>,
    #[diesel(sql_type = Text)]
    initiator: String,
    #[diesel(sql_type = Nullable<Text>)]
    initiator_name: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    arrived_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    handled_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    deadline: Option<DateTime<Utc>>,
    #[diesel(sql_type = Integer)]
    urged_count: i32,
    #[diesel(sql_type = Bool)]
    is_read: bool,
    #[diesel(sql_type = Text)]
    result: String,
    #[diesel(sql_type = Nullable<Text>)]
    actions_text: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    why_text: Option<String>,
    #[diesel(sql_type = Bool)]
    may_take_back: bool,
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    total: i64,
}

/// The text of one list in one order: page ($7, $8) and count share everything else.
macro_rules! cards_sql {
    ($what:expr, $where:expr, $tail:expr) => {
        concat!(
            "select ", $what, " from cards c join orders o on o.id = c.order_id \
             left join tasks t on t.order_id = c.order_id and t.task_code = c.task_code \
             left join flows f on f.tenant = c.tenant and f.flow_code = o.flow_code \
             left join people p on p.tenant = c.tenant and p.user_code = o.initiator \
             where c.tenant = $1 and c.user_code = $2 and ", $where, " \
             and ($3 is null or o.flow_code = $3) \
             and ($4 is null or o.title ilike $4 or o.business_key ilike $4 or t.name ilike $4) \
             and ($5 is false or c.show_pc) and ($6 is false or c.show_mobile)", $tail
        )
    };
}

macro_rules! card_columns {
    () => {
        "o.source, o.app_id, o.number, c.task_code, t.name as task_name, o.title, o.business_key, o.flow_code, \
         coalesce(nullif(o.own->>'flowName', ''), f.title) as flow_title, \
         f.detail_web_url, f.detail_h5_url, o.initiator, p.name as initiator_name, \
         c.arrived_at, c.handled_at, c.deadline, c.urged_count, c.read_at is not null as is_read, \
         coalesce(t.result, o.result) as result, (t.own->'actions')::text as actions_text, \
         (select w::text from jsonb_array_elements(t.own->'why') w where w->>'user' = c.user_code limit 1) as why_text, \
         coalesce(o.own->'takeBack' @> jsonb_build_array(jsonb_build_array(c.task_code, c.user_code)), false) as may_take_back"
    };
}

macro_rules! newest_first {
    ($where:expr, $by:expr) => {
        cards_sql!(card_columns!(), $where, concat!(" order by ", $by, " limit $7 offset $8"))
    };
}

/// A count needs no join where no filter looks beyond the card: the list's own index answers it.
macro_rules! plain_count {
    ($where:expr) => {
        concat!(
            "select count(*) as total from cards c where c.tenant = $1 and c.user_code = $2 and ",
            $where
        )
    };
}

macro_rules! is_todo {
    () => {
        "c.kind = 'todo' and c.state = 'open'"
    };
}
macro_rules! is_done {
    () => {
        "c.kind = 'todo' and c.state = 'done'"
    };
}
macro_rules! is_copy {
    () => {
        "c.kind <> 'todo' and c.state <> 'gone'"
    };
}

/// What one of our orders called is a part of it, not an order that somebody started.
macro_rules! initiated_sql {
    ($what:expr, $tail:expr) => {
        concat!(
            "select ",
            $what,
            " from orders o \
             left join flows f on f.tenant = o.tenant and f.flow_code = o.flow_code \
             left join people p on p.tenant = o.tenant and p.user_code = o.initiator \
             where o.tenant = $1 and o.initiator = $2 and o.result <> 'delete' \
             and (o.source <> 'native' or o.parent_number is null) \
             and ($3 is null or o.flow_code = $3) \
             and ($4 is null or o.title ilike $4 or o.business_key ilike $4) \
             and ($5 or not $5) and ($6 or not $6)",
            $tail
        )
    };
}

macro_rules! initiated_columns {
    () => {
        "o.source, o.app_id, o.number, '' as task_code, null as task_name, o.title, o.business_key, o.flow_code, \
         coalesce(nullif(o.own->>'flowName', ''), f.title) as flow_title, \
         f.detail_web_url, f.detail_h5_url, o.initiator, p.name as initiator_name, \
         o.created_at as arrived_at, null::timestamptz as handled_at, null::timestamptz as deadline, 0 as urged_count, \
         true as is_read, o.result, \
         case when o.status <> 'over' then (o.own->'initiatorActions')::text end as actions_text, \
         null as why_text, false as may_take_back"
    };
}

/// The statements of a list: its page in the wanted order, its count with and without filters.
struct Texts {
    page: &'static str,
    count: &'static str,
    plain_count: Option<&'static str>,
}

fn texts(list: List, sort: Sort) -> Texts {
    match list {
        List::Todo => Texts {
            page: match sort {
                Sort::Newest => {
                    newest_first!(is_todo!(), "c.arrived_at desc, c.order_id, c.task_code")
                }
                Sort::Oldest => {
                    newest_first!(is_todo!(), "c.arrived_at, c.order_id desc, c.task_code desc")
                }
                Sort::Deadline => {
                    newest_first!(is_todo!(), "c.deadline nulls last, c.order_id, c.task_code")
                }
            },
            count: cards_sql!("count(*) as total", is_todo!(), ""),
            plain_count: Some(plain_count!(is_todo!())),
        },
        List::Done => Texts {
            page: match sort {
                Sort::Newest => {
                    newest_first!(is_done!(), "c.handled_at desc, c.order_id, c.task_code")
                }
                Sort::Oldest => {
                    newest_first!(is_done!(), "c.handled_at, c.order_id desc, c.task_code desc")
                }
                Sort::Deadline => {
                    newest_first!(is_done!(), "c.deadline nulls last, c.order_id, c.task_code")
                }
            },
            count: cards_sql!("count(*) as total", is_done!(), ""),
            plain_count: Some(plain_count!(is_done!())),
        },
        List::Copies => Texts {
            page: match sort {
                Sort::Newest => {
                    newest_first!(is_copy!(), "c.arrived_at desc, c.order_id, c.task_code")
                }
                Sort::Oldest => {
                    newest_first!(is_copy!(), "c.arrived_at, c.order_id desc, c.task_code desc")
                }
                Sort::Deadline => {
                    newest_first!(is_copy!(), "c.deadline nulls last, c.order_id, c.task_code")
                }
            },
            count: cards_sql!("count(*) as total", is_copy!(), ""),
            plain_count: Some(plain_count!(is_copy!())),
        },
        List::Initiated => Texts {
            page: match sort {
                Sort::Oldest => initiated_sql!(
                    initiated_columns!(),
                    " order by o.created_at, o.id limit $7 offset $8"
                ),
                Sort::Newest | Sort::Deadline => {
                    initiated_sql!(
                        initiated_columns!(),
                        " order by o.created_at desc, o.id limit $7 offset $8"
                    )
                }
            },
            count: initiated_sql!("count(*) as total", ""),
            plain_count: None,
        },
    }
}

/// One page of a list and how many rows it has in all.
pub(crate) async fn list(
    conn: &Conn,
    tenant: &Tenant,
    list: List,
    wanted: &PageOf,
    public_url: &str,
) -> QueryResult<(Vec<Row>, i64)> {
    let texts = texts(list, wanted.sort);
    let pattern = wanted.keyword.as_deref().map(like);
    let (pc, mobile) =
        (wanted.terminal == Some(Terminal::Pc), wanted.terminal == Some(Terminal::Mobile));
    let filtered = |text: &'static str| {
        sql(text)
            .bind::<Text, _>(tenant.as_str())
            .bind::<Text, _>(wanted.user.as_str())
            .bind::<Nullable<Text>, _>(wanted.flow.as_deref())
            .bind::<Nullable<Text>, _>(pattern.clone())
            .bind::<Bool, _>(pc)
            .bind::<Bool, _>(mobile)
    };
    let page = filtered(texts.page)
        .bind::<BigInt, _>(i64::from(wanted.size))
        .bind::<BigInt, _>(i64::from(wanted.page - 1) * i64::from(wanted.size));
    let plain = wanted.flow.is_none() && pattern.is_none() && !pc && !mobile;
    let count = match texts.plain_count.filter(|_| plain) {
        Some(text) => {
            sql(text).bind::<Text, _>(tenant.as_str()).bind::<Text, _>(wanted.user.as_str())
        }
        None => filtered(texts.count),
    };
    let (rows, total) = try_join!(page.rows::<ListRow>(conn), count.row::<CountRow>(conn))?;
    let row = |row: ListRow| finish(row, wanted, public_url);
    Ok((rows.into_iter().map(row).collect(), total.total))
}

fn like(keyword: &str) -> String {
    format!("%{}%", keyword.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

fn finish(row: ListRow, wanted: &PageOf, public_url: &str) -> Row {
    let source = source_of(&row.source);
    let values = Values {
        source,
        app: &row.app_id,
        order: row.number,
        business_key: &row.business_key,
        task: &row.task_code,
        user: &wanted.user,
    };
    let template = match wanted.terminal {
        Some(Terminal::Mobile) => &row.detail_h5_url,
        Some(Terminal::Pc) | None => &row.detail_web_url,
    };
    let url = match (source, template) {
        (Source::ThirdParty, Some(template)) => link::fill(template, values),
        (Source::Native, _) | (_, None) => link::own_page(public_url, values),
    };
    let is_waiting = row.handled_at.is_none() && !row.task_code.is_empty();
    let said = own::words_of(row.actions_text.as_deref());
    let actions = match source {
        Source::ThirdParty => Vec::new(),
        Source::Native if row.may_take_back => vec![TAKE_BACK.to_owned()],
        Source::Native if row.handled_at.is_some() => Vec::new(),
        Source::Native if is_waiting && said.is_empty() => Action::offered_once(),
        Source::Native => said,
    };
    Row {
        actions,
        why: own::why_of(row.why_text.as_deref()),
        url,
        source,
        app: row.app_id,
        number: row.number,
        task: row.task_code,
        task_name: row.task_name.unwrap_or_default(),
        title: row.title,
        business_key: row.business_key,
        flow: row.flow_code,
        flow_name: row.flow_title,
        initiator: row.initiator,
        initiator_name: row.initiator_name,
        arrived_at: row.arrived_at,
        handled_at: row.handled_at,
        deadline: row.deadline,
        urged_count: row.urged_count,
        is_read: row.is_read,
        result: row.result,
    }
}

/// The numbers on a person's tabs, in one statement.
pub(crate) async fn summarize(conn: &Conn, tenant: &Tenant, user: &str) -> QueryResult<Summary> {
    #[derive(QueryableByName)]
    struct SummaryRow {
        #[diesel(sql_type = BigInt)]
        all_todo: i64,
        #[diesel(sql_type = BigInt)]
        overdue: i64,
        #[diesel(sql_type = BigInt)]
        soon_overdue: i64,
        #[diesel(sql_type = BigInt)]
        urged: i64,
        #[diesel(sql_type = BigInt)]
        unread_copies: i64,
    }
    let row: SummaryRow = sql("select count(*) as all_todo, count(*) filter (where deadline < now()) as overdue, \
         count(*) filter (where deadline >= now() and deadline < now() + $3 * interval '1 hour') as soon_overdue, \
         count(*) filter (where urged_count > 0) as urged, \
         (select count(*) from cards u where u.tenant = $1 and u.user_code = $2 and u.kind <> 'todo' \
          and u.state <> 'gone' and u.read_at is null) as unread_copies \
         from cards c where c.tenant = $1 and c.user_code = $2 and c.kind = 'todo' and c.state = 'open'")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(user)
    .bind::<Integer, _>(SOON_HOURS)
    .row(conn)
    .await?;
    let SummaryRow { all_todo, overdue, soon_overdue, urged, unread_copies } = row;
    Ok(Summary { all_todo, overdue, soon_overdue, urged, unread_copies })
}

/// Which cards a person has read.
pub(crate) struct ReadMark<'a> {
    pub(crate) user: &'a str,
    /// Absent = whatever order has the task.
    pub(crate) number: Option<i64>,
    /// Absent = every card of the order.
    pub(crate) task: Option<&'a str>,
}

/// Marks them; gives how many there are, read before or not.
pub(crate) async fn mark_read(
    conn: &Conn,
    tenant: &Tenant,
    mark: ReadMark<'_>,
) -> QueryResult<i64> {
    // The three list indexes cover every card a person can see.
    sql("with mine as (select c.order_id, c.task_code, c.user_code, c.read_at from cards c join orders o on o.id = c.order_id \
           where c.tenant = $1 and c.user_code = $2 \
           and ((c.kind = 'todo' and c.state = 'open') or (c.kind = 'todo' and c.state = 'done') or (c.kind <> 'todo' and c.state <> 'gone')) \
           and ($3 is null or o.number = $3) and ($4 is null or c.task_code = $4)), \
         marked as (update cards c set read_at = now() from mine m where m.read_at is null and c.order_id = m.order_id \
           and c.task_code = m.task_code and c.user_code = m.user_code) \
         select count(*) as total from mine")
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(mark.user)
    .bind::<Nullable<BigInt>, _>(mark.number)
    .bind::<Nullable<Text>, _>(mark.task)
    .row::<CountRow>(conn)
    .await
    .map(|row| row.total)
}
