-- What people see: orders, their tasks, and one card for each person and thing in a list.
create table orders (
    id uuid primary key,
    tenant text not null,
    app_id text not null,
    number bigint not null,
    flow_code text,
    business_key text not null,
    title text not null,
    initiator text not null,
    status text not null,
    result text not null,
    version bigint,
    parent_number bigint,
    parent_task text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    seq bigint not null,
    stored_at timestamptz not null default now(),
    unique (tenant, app_id, number)
);
create index orders_initiator on orders (tenant, initiator, created_at desc, id) where result <> 'delete';
create table tasks (
    order_id uuid not null,
    task_code text not null,
    name text not null,
    status text not null,
    result text not null,
    node_type text not null,
    deadline timestamptz,
    handled_at timestamptz,
    show_pc boolean not null,
    show_mobile boolean not null,
    position integer not null,
    primary key (order_id, task_code)
);
create table cards (
    order_id uuid not null,
    -- Empty for a copy of the whole order.
    task_code text not null,
    user_code text not null,
    tenant text not null,
    -- 'todo', 'read' (a task that only informs), 'copy'
    kind text not null,
    -- 'open', 'done', 'gone'
    state text not null,
    arrived_at timestamptz not null,
    handled_at timestamptz,
    told boolean not null,
    read_at timestamptz,
    urged_count integer not null default 0,
    deadline timestamptz,
    show_pc boolean not null,
    show_mobile boolean not null,
    primary key (order_id, task_code, user_code)
);
create index cards_todo on cards (tenant, user_code, arrived_at desc, order_id, task_code) where kind = 'todo' and state = 'open';
create index cards_done on cards (tenant, user_code, handled_at desc, order_id, task_code) where kind = 'todo' and state = 'done';
create index cards_cc on cards (tenant, user_code, arrived_at desc, order_id, task_code) where kind <> 'todo' and state <> 'gone';
create table approval_logs (
    id bigint generated always as identity primary key,
    tenant text not null,
    app_id text not null,
    number bigint not null,
    task_code text not null,
    task_name text,
    handler text not null,
    handled_at timestamptz not null,
    result text not null,
    comment text,
    stored_at timestamptz not null default now(),
    -- Its order has not come yet.
    waiting boolean not null,
    unique (tenant, app_id, number, task_code, handler, handled_at)
);
create index approval_logs_waiting on approval_logs (stored_at) where waiting;
create table audit_records (
    id bigint generated always as identity primary key,
    tenant text not null,
    order_id uuid not null,
    at timestamptz not null,
    action text not null,
    detail text not null,
    request_id text
);
create index audit_records_order on audit_records (order_id, id);
create table people (
    tenant text not null,
    user_code text not null,
    name text not null,
    active boolean not null,
    revision bigint not null,
    primary key (tenant, user_code)
);
create table flows (
    tenant text not null,
    flow_code text not null,
    app_id text not null,
    title text not null,
    detail_web_url text not null,
    detail_h5_url text not null,
    revision bigint not null,
    primary key (tenant, flow_code)
);
create index flows_app on flows (tenant, app_id);
