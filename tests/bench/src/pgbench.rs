//! What the database alone can do: pgbench with one transaction that writes or reads the same rows
//! in tables of the same shape, on the same server, in the same minutes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use shared::contract::directory::{PeopleChanged, Person};
use shared::contract::task::{Assignee, OpenedTask, TasksChanged};

use crate::load::percentile;
use crate::proc::{self, Watch};
use crate::report::Line;
use crate::{orders, people};

/// Tables like the services', with all of their indexes.
pub(crate) const TABLES: &str = "
    create schema bench;
    create table bench.orders (like task.orders including all);
    create table bench.tasks (like task.tasks including all);
    create table bench.cards (like task.cards including all);
    create table bench.outbox (like task.outbox including all);
    create table bench.users (like sync.users including all);
    create table bench.people_outbox (like sync.outbox including all);
    create table bench.approval_logs (like task.approval_logs including all);
    create table bench.flow_orders (like flow.orders including all);
    create table bench.flow_instances (like flow.instances including all) with (fillfactor = 60);
    create table bench.flow_steps (like flow.steps including all);
    create table bench.flow_tasks (like flow.tasks including all);
    create table bench.flow_outbox (like flow.outbox including all);
    create sequence bench.number cache 100;";

/// How pgbench is run.
pub(crate) struct Pgbench {
    pub(crate) url: String,
    pub(crate) folder: PathBuf,
    /// Connections the server has left for it.
    pub(crate) most_clients: usize,
    pub(crate) measured: Duration,
}

impl Pgbench {
    /// Runs a script; the line says what it reached.
    pub(crate) async fn run(
        &self,
        work: &str,
        script: String,
        clients: usize,
        watch: &Watch,
    ) -> anyhow::Result<Line> {
        let clients = clients.min(self.most_clients);
        let (folder, url, secs) =
            (self.folder.clone(), self.url.clone(), self.measured.as_secs().max(1));
        let children = proc::ended_children();
        let before = watch.seconds();
        let done =
            tokio::task::spawn_blocking(move || execute(&folder, &url, &script, clients, secs));
        let (tps, latencies) = done.await??;
        let mut cpu = proc::between(&before, &watch.seconds());
        cpu.insert("generator".to_owned(), proc::ended_children() - children);
        let cores = cpu.into_iter().map(|(name, used)| (name, used / secs as f64)).collect();
        Ok(Line {
            work: work.to_owned(),
            connections: clients,
            per_second: tps,
            p50: percentile(&latencies, 0.5),
            p95: percentile(&latencies, 0.95),
            p99: percentile(&latencies, 0.99),
            failures: 0,
            cores,
            memory: None,
            limit: None,
        })
    }
}

fn execute(
    folder: &Path,
    url: &str,
    script: &str,
    clients: usize,
    secs: u64,
) -> anyhow::Result<(f64, Vec<u32>)> {
    fs::create_dir_all(folder)?;
    let file = folder.join("script.sql");
    fs::write(&file, script)?;
    let prefix = folder.join("log");
    let output = Command::new("pgbench")
        .args(["-n", "-M", "prepared", "-l", "-j", "1", "-c", &clients.to_string()])
        .args(["-T", &secs.to_string(), "-f"])
        .arg(&file)
        .arg(format!("--log-prefix={}", prefix.display()))
        .arg(url)
        .output()
        .context("pgbench cannot be run; it comes with PostgreSQL (package postgresql)")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let tps = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next());
    let Some(tps) = tps.filter(|_| output.status.success()) else {
        bail!("pgbench failed: {said}{}", String::from_utf8_lossy(&output.stderr));
    };
    let mut latencies = Vec::new();
    for entry in fs::read_dir(folder)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with("log.") {
            let text = fs::read_to_string(entry.path())?;
            // client, transaction, microseconds, …
            let micros = |line: &str| line.split(' ').nth(2)?.parse::<u32>().ok();
            latencies.extend(text.lines().filter_map(micros));
            fs::remove_file(entry.path())?;
        }
    }
    latencies.sort_unstable();
    Ok((tps.parse()?, latencies))
}

/// One order with two tasks, three cards and the event that tells of them, as one statement.
pub(crate) fn sync_script() -> anyhow::Result<String> {
    let assignee = |user: &str| Assignee {
        user_code: user.to_owned(),
        web_url: "https://erp.example.com/web/sales/detail?orderId=1000000000001".to_owned(),
        h5_url: "https://erp.example.com/h5/sales/detail?orderId=1000000000001".to_owned(),
    };
    let task = |code: &str, users: &[&str]| OpenedTask {
        task_id: code.to_owned(),
        name: "部门经理审批".to_owned(),
        node_type: "audit".to_owned(),
        due_at: Some("20990125T100000Z".to_owned()),
        assignees: users.iter().map(|user| assignee(user)).collect(),
    };
    let event = TasksChanged {
        tenant: orders::TENANT.to_owned(),
        app: crate::APP.to_owned(),
        order_id: 0,
        title: orders::title(),
        initiator: "U0001".to_owned(),
        business_key: "BENCH1000000000001".to_owned(),
        seq: 1,
        opened: vec![task("TASK001", &["U0001", "U0002"]), task("TASK002", &["U0003"])],
        closed: Vec::new(),
    };
    // PostgreSQL reads the text anew for each order, as it reads what the service sends. A blank
    // keeps pgbench from taking a number after a colon for one of its variables.
    let payload = literal(&serde_json::to_string(&event)?)
        .replace("\"orderId\":0", "\"orderId\": ' || n.n || '")
        .replace("\"seq\":1", "\"seq\": 1");
    let (tenant, app, title) =
        (literal(orders::TENANT), literal(crate::APP), literal(&orders::title()));
    Ok(format!(
        "\\set a random(0, 999)\n\\set b random(0, 999)\n\\set c random(0, 999)\n\
         with n as materialized (select nextval('bench.number') as n), \
         o as (insert into bench.orders (id, tenant, app_id, number, flow_code, business_key, title, initiator, \
           status, result, version, created_at, updated_at, seq) \
           select lpad(to_hex(n), 32, '0')::uuid, '{tenant}', '{app}', n, 'BENCH_FLOW', 'BENCH' || n, '{title}', \
           'U' || lpad((:a)::int::text, 4, '0'), 'ing', 'ing', 1, now(), now(), 1 from n returning id), \
         t as (insert into bench.tasks (order_id, task_code, name, status, result, node_type, deadline, show_pc, \
           show_mobile, position) \
           select o.id, v.code, '部门经理审批', 'ing', 'new', 'audit', now(), true, true, v.place \
           from o, (values ('TASK001', 0), ('TASK002', 1)) as v(code, place)), \
         c as (insert into bench.cards (order_id, task_code, user_code, tenant, kind, state, arrived_at, told, \
           deadline, show_pc, show_mobile) \
           select o.id, v.code, 'U' || lpad(v.person::text, 4, '0'), '{tenant}', 'todo', 'open', now(), true, \
           now(), true, true \
           from o, (values ('TASK001', (:a)::int), ('TASK001', ((:b)::int + 1000)), ('TASK002', (:c)::int)) \
           as v(code, person)) \
         insert into bench.outbox (event_id, topic, key, payload, request_id) \
         select lpad(to_hex(n.n), 32, '0')::uuid, 'task.changed', '{tenant}/{app}/' || n.n, '{payload}', \
         '01900000-0000-7000-8000-000000000000' from n;\n"
    ))
}

/// An order of our own engine from start to end as three transactions of one statement each, with the
/// rows of flow-service and of task-service: one state of 1.3 KB, rewritten twice; three steps, two
/// tasks, two cards, two log lines, six events.
pub(crate) fn flow_script() -> anyhow::Result<String> {
    let (tenant, app) = (literal(orders::TENANT), literal(crate::APP));
    let state =
        literal(&serde_json::json!({"version": 1, "tokens": "x".repeat(1_200)}).to_string());
    let records = literal(&serde_json::json!([{"node": "first", "name": "部门经理审批", "kind": "userTask",
        "event": "completed", "run": 0}, {"node": "large", "name": "金额", "kind": "exclusiveGateway",
        "event": "completed", "run": 0}, {"node": "second", "name": "总经理审批", "kind": "userTask",
        "event": "started", "run": 0}]).to_string());
    let fact = literal(
        &serde_json::json!({"tenant": tenant, "app": app, "text": "x".repeat(900)}).to_string(),
    );
    let event = |table: &str, topic: &str| {
        format!(
            "insert into bench.{table} (event_id, topic, key, payload, request_id) \
             select gen_random_uuid(), '{topic}', '{tenant}/{app}/' || n, '{fact}', \
             '01900000-0000-7000-8000-000000000000' from n"
        )
    };
    let id = "lpad(to_hex(n), 32, '0')::uuid";
    let opened = |wait: u32, node: &str| {
        format!(
            "ft as (insert into bench.flow_tasks (order_id, wait, root_id, tenant, node, name, kind, assignees, created_seq) \
               select n, {wait}, n, '{tenant}', '{node}', '部门经理审批', 'user', array['U0001'], {wait} from n), \
             tt as (insert into bench.tasks (order_id, task_code, name, status, result, node_type, show_pc, show_mobile, position) \
               select {id}, n || '-{wait}', '部门经理审批', 'ing', 'new', 'audit', true, true, {wait} from n), \
             tc as (insert into bench.cards (order_id, task_code, user_code, tenant, kind, state, arrived_at, told, show_pc, show_mobile) \
               select {id}, n || '-{wait}', 'U000{wait}', '{tenant}', 'todo', 'open', now(), true, true, true from n), "
        )
    };
    let closed = |wait: u32| {
        format!(
            "fc as (update bench.flow_tasks t set closed_at = now(), result = 'pass', handler = 'U000{wait}' \
               from n where t.order_id = n and t.wait = {wait}), \
             ct as (update bench.tasks t set status = 'over', result = 'pass', handled_at = now() \
               from n where t.order_id = {id} and t.task_code = n || '-{wait}'), \
             cc as (update bench.cards c set state = 'done', handled_at = now() \
               from n where c.order_id = {id} and c.task_code = n || '-{wait}'), \
             cl as (insert into bench.approval_logs (tenant, app_id, number, task_code, task_name, handler, handled_at, result, comment, waiting) \
               select '{tenant}', '{app}', n, n || '-{wait}', '部门经理审批', 'U000{wait}', now(), 'pass', '同意', false from n), "
        )
    };
    let step = format!(
        "fs as (insert into bench.flow_steps (order_id, no, at, act, actor, records) \
           select n, nextval('bench.number'), now(), 'complete', 'U0001', '{records}' from n), \
         fx as ({}), ",
        event("flow_outbox", "order.advanced")
    );
    let moved = format!(
        "fi as (update bench.flow_instances i set seq = seq + 1, body = '{state}' from n where i.order_id = n), \
         uo as (update bench.orders o set seq = seq + 1, updated_at = now() from n where o.id = {id}), "
    );
    // What comes before ends in a comma.
    let told = format!("last as (select 1) {}", event("outbox", "task.changed"));
    let again = "with n as materialized (select (:number)::bigint as n), ";
    Ok(format!(
        "select nextval('bench.number') as number \\gset\n\
         {again} \
         fi as (insert into bench.flow_instances (order_id, tenant, seq, body) select n, '{tenant}', 1, '{state}' from n), \
         fo as (insert into bench.flow_orders (order_id, root_id, run, tenant, app_id, flow_code, flow_version, process_id, \
           business_key, title, running_number, initiator, state, started_at, start_key) \
           select n, n, 0, '{tenant}', '{app}', 'BENCH_NATIVE', 1, 'bench', 'NATIVE' || n, '销售订单 ' || n, \
           'BENCH_NATIVE_202601_' || n, 'U0003', 'running', now(), gen_random_uuid() from n), \
         uo as (insert into bench.orders (id, tenant, app_id, number, flow_code, business_key, title, initiator, status, \
           result, created_at, updated_at, seq) \
           select {id}, '{tenant}', '{app}', n, 'BENCH_NATIVE', 'NATIVE' || n, '销售订单 ' || n, 'U0003', 'ing', 'ing', \
           now(), now(), 1 from n), \
         {step}{first}{told};\n\
         {again}{moved}{step}{close_first}{second}{told};\n\
         {again}{moved}{step}{close_second}\
         fo as (update bench.flow_orders o set state = 'completed', result = 'pass', ended_at = now() from n where o.order_id = n), \
         {told};\n",
        first = opened(1, "first"),
        second = opened(2, "second"),
        close_first = closed(1),
        close_second = closed(2),
    ))
}

/// What a person's first page of open tasks reads: the page and the count.
pub(crate) fn todo_script() -> String {
    let tenant = literal(orders::TENANT);
    let person = "'U' || lpad((:a)::int::text, 4, '0')";
    format!(
        "\\set a random(0, 999)\n\
         select o.app_id, o.number, c.task_code, t.name as task_name, o.title, o.business_key, o.flow_code, \
         f.title as flow_title, f.detail_web_url, f.detail_h5_url, o.initiator, p.name as initiator_name, \
         c.arrived_at, c.handled_at, c.deadline, c.urged_count, c.read_at is not null as is_read, \
         coalesce(t.result, o.result) as result from task.cards c join task.orders o on o.id = c.order_id \
         left join task.tasks t on t.order_id = c.order_id and t.task_code = c.task_code \
         left join task.flows f on f.tenant = c.tenant and f.flow_code = o.flow_code \
         left join task.people p on p.tenant = c.tenant and p.user_code = o.initiator \
         where c.tenant = '{tenant}' and c.user_code = {person} and c.kind = 'todo' and c.state = 'open' \
         order by c.arrived_at desc, c.order_id, c.task_code limit 20;\n\
         select count(*) from task.cards c where c.tenant = '{tenant}' and c.user_code = {person} \
         and c.kind = 'todo' and c.state = 'open';\n"
    )
}

/// A thousand new people and the five events that tell of them, as one statement.
pub(crate) fn people_script() -> anyhow::Result<String> {
    let event = PeopleChanged { tenant: people::TENANT.to_owned(), people: Vec::<Person>::new() };
    let key = literal(&shared::contract::Event::key(&event));
    let tenant = literal(people::TENANT);
    Ok(format!(
        "with n as materialized (select nextval('bench.number') * 1000 as n), \
         u as (insert into bench.users (tenant, revision, user_code, user_name, real_name, email, mobile, dept_id, \
           personnel_type, active) \
           select '{tenant}', 1, 'N' || (n + g), '用户' || g, '用户' || g, 'n' || (n + g) || '@example.com', \
           (10000000000 + n + g)::text, 'DEPT001', 1, true from n, generate_series(1, 1000) as g \
           returning user_code, real_name, mobile) \
         insert into bench.people_outbox (event_id, topic, key, payload) \
         select gen_random_uuid(), 'people.changed', '{key}', jsonb_build_object('tenant', '{tenant}', 'people', \
         jsonb_agg(jsonb_build_object('userCode', user_code, 'name', real_name, 'mobile', mobile, \
         'dingtalkUserId', null, 'active', true, 'revision', 1)))::text \
         from (select *, row_number() over () as place from u) as all_of_them group by place % 5;\n"
    ))
}

/// For use between single quotes.
fn literal(text: &str) -> String {
    text.replace('\'', "''")
}
