-- What people are told about their tasks through DingTalk, and how far each telling has come.
create table people (
    tenant text not null,
    user_code text not null,
    name text not null,
    mobile text,
    dingtalk_user_id text,
    active boolean not null,
    revision bigint not null,
    -- What DingTalk calls the person; forgotten when mobile or binding change.
    ding_userid text,
    ding_unionid text,
    primary key (tenant, user_code)
);
create table notices (
    id bigint generated always as identity primary key,
    tenant text not null,
    app_id text not null,
    order_code bigint not null,
    task_code text not null,
    title text not null,
    task_name text not null,
    node_type text not null,
    initiator text not null,
    business_key text not null,
    due_at timestamptz,
    -- The order's number when the words were fixed; 0 = only its closing was heard so far.
    seq bigint not null,
    created_at timestamptz not null default now(),
    unique (tenant, app_id, order_code, task_code)
);
create index notices_created_at on notices (created_at);
-- Whether a task still waits for a person: the highest number of the order decides.
create table recipients (
    notice_id bigint not null references notices on delete cascade,
    user_code text not null,
    open boolean not null,
    seq bigint not null,
    primary key (notice_id, user_code)
);
create table deliveries (
    id bigint generated always as identity primary key,
    tenant text not null,
    notice_id bigint not null,
    user_code text not null,
    -- 'work' (work notification) or 'todo' (DingTalk to-do).
    channel text not null,
    state text not null,
    -- Attempts ever, and those of the present errand, which the schedule counts.
    attempts integer not null default 0,
    tries integer not null default 0,
    -- An earlier attempt may have had its effect although we did not hear so.
    repeated boolean not null default false,
    -- When there is something to do next; the end of the lease while somebody does it.
    due_at timestamptz,
    -- The round that holds it; only that round may record what came of it.
    lease uuid,
    -- DingTalk's id of the send or the to-do, and of the person it was for.
    remote_id text,
    remote_user text,
    web_url text not null,
    h5_url text not null,
    last_code text,
    last_error text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (notice_id, user_code, channel)
);
create index deliveries_due on deliveries (tenant, state, channel, due_at) where due_at is not null;
create index deliveries_of_person on deliveries (tenant, user_code)
    where state in ('waiting_person', 'due', 'not_configured', 'failed', 'skipped');
create index deliveries_listed on deliveries (tenant, id);
create index deliveries_ended on deliveries (updated_at) where due_at is null;
create table attempts (
    delivery_id bigint not null references deliveries on delete cascade,
    no integer not null,
    at timestamptz not null default now(),
    what text not null,
    ok boolean not null,
    code text,
    detail text,
    primary key (delivery_id, no)
);
-- When the next call of an enterprise to an API may go out; losing it in a crash costs nothing.
create unlogged table call_budget (
    tenant text not null,
    api text not null,
    free_at timestamptz not null,
    primary key (tenant, api)
);
