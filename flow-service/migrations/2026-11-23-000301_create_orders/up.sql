-- Flows that run here: drawings, forms, orders, what they wait for, and what happened.
alter table flows add column request_key uuid;
alter table flow_versions add column digest text;

create table forms (
    tenant text not null,
    form_code text not null,
    app_id text not null,
    form_name text not null,
    schema jsonb not null,
    updated_at timestamptz not null default now(),
    primary key (tenant, form_code)
);
-- What the online versions use and how they may start; rewritten with every publication.
create table form_uses (
    tenant text not null,
    form_code text not null,
    flow_code text not null,
    primary key (tenant, form_code, flow_code)
);
create table online_processes (
    tenant text not null,
    process_id text not null,
    flow_code text not null,
    version integer not null,
    online_at timestamptz not null,
    primary key (tenant, process_id, flow_code)
);
create table start_points (
    id uuid primary key,
    tenant text not null,
    flow_code text not null,
    version integer not null,
    process_id text not null,
    node text not null,
    kind text not null,
    name text not null,
    set_at timestamptz not null,
    due_at timestamptz,
    lease_until timestamptz,
    fired integer not null default 0
);
create index start_points_flow on start_points (tenant, flow_code);
create index start_points_name on start_points (tenant, kind, name);
create index start_points_due on start_points (due_at) where due_at is not null;

create table people (
    tenant text not null,
    user_code text not null,
    active boolean not null,
    revision bigint not null,
    primary key (tenant, user_code)
);

create sequence order_numbers start 1000001;
create sequence step_numbers;
create table running_numbers (
    tenant text not null,
    flow_code text not null,
    month text not null,
    last bigint not null,
    primary key (tenant, flow_code, month)
);

create table orders (
    order_id bigint primary key,
    root_id bigint not null,
    parent_id bigint,
    run integer not null,
    tenant text not null,
    app_id text not null,
    flow_code text not null,
    flow_version integer not null,
    process_id text not null,
    business_key text not null,
    title text not null,
    running_number text not null,
    initiator text not null,
    state text not null,
    result text,
    end_activity text,
    started_at timestamptz not null,
    ended_at timestamptz,
    start_key uuid unique
);
create index orders_children on orders (root_id) where parent_id is not null;
create index orders_process on orders (tenant, process_id, order_id);
create unique index orders_running_number on orders (tenant, running_number) where parent_id is null;
create index orders_business_key on orders (tenant, business_key) where parent_id is null and business_key <> '';

-- One row an order that was started, with everything it called; rewritten in place with every step.
create table instances (
    order_id bigint primary key,
    tenant text not null,
    seq bigint not null,
    body jsonb not null
) with (fillfactor = 60);

create table steps (
    order_id bigint not null,
    no bigint not null default nextval('step_numbers'),
    at timestamptz not null,
    act text not null,
    actor text,
    records jsonb not null,
    primary key (order_id, no)
);

create table tasks (
    order_id bigint not null,
    wait bigint not null,
    root_id bigint not null,
    tenant text not null,
    node text not null,
    name text not null,
    kind text not null,
    assignees text[] not null,
    due_at timestamptz,
    created_seq bigint not null,
    closed_at timestamptz,
    result text,
    handler text,
    primary key (order_id, wait)
);
create index tasks_open on tasks (root_id) where closed_at is null;

create table timers (
    root_id bigint not null,
    wait bigint not null,
    tenant text not null,
    due_at timestamptz not null,
    lease_until timestamptz,
    primary key (root_id, wait)
);
create index timers_due on timers (due_at);

create table subscriptions (
    root_id bigint not null,
    wait bigint not null,
    tenant text not null,
    kind text not null,
    name text not null,
    since bigint not null default nextval('step_numbers'),
    primary key (root_id, wait)
);
create index subscriptions_name on subscriptions (tenant, kind, name, since);

create table incidents (
    root_id bigint not null,
    wait bigint not null,
    order_id bigint not null,
    tenant text not null,
    kind text not null,
    node text not null,
    name text not null,
    reason text not null,
    people text[] not null,
    at timestamptz not null,
    primary key (root_id, wait)
);
create index incidents_tenant on incidents (tenant, at);
create index incidents_people on incidents using gin (people) where kind = 'people';

-- Messages and signals on their way from one order to others.
create table errands (
    id uuid primary key,
    tenant text not null,
    kind text not null,
    name text not null,
    variables jsonb not null,
    origin bigint,
    target_order bigint,
    target_point uuid,
    depth integer not null default 0,
    attempts integer not null default 0,
    last_error text,
    due_at timestamptz not null default now(),
    lease_until timestamptz,
    created_at timestamptz not null default now()
);
create index errands_due on errands (due_at);
