-- What ERPs are told of orders of our own engine: where to, in which order, and how far each push has come.
create table erp_endpoints (
    tenant text not null,
    app_id text not null,
    base_url text not null,
    receive_path text not null,
    log_path text not null,
    -- Why nothing goes out: 'person', 'failures' or 'gone'; null = pushes go out.
    paused_by text,
    paused_at timestamptz,
    -- Failures without a success between them, and the order of the last one.
    failures integer not null default 0,
    failed_order bigint,
    -- Since when the breaker is open: one probe at a time.
    down_since timestamptz,
    -- Nothing goes out before.
    rest_until timestamptz,
    -- What a down time has piled up goes out at a pace.
    draining boolean not null default false,
    log_unsupported_until timestamptz,
    last_error text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant, app_id)
);
-- One for each order: how far its facts are known, and in whose line its pushes stand.
create table erp_lines (
    tenant text not null,
    order_id bigint not null,
    -- The order that the ERP knows: itself, unless another order called it.
    root_id bigint not null,
    next_seq bigint not null default 1,
    updated_at timestamptz not null default now(),
    primary key (tenant, order_id)
);
create index erp_lines_updated_at on erp_lines (updated_at);
-- Facts that came before one that they follow.
create table erp_early_facts (
    tenant text not null,
    order_id bigint not null,
    seq bigint not null,
    payload text not null,
    heard_at timestamptz not null default now(),
    primary key (tenant, order_id, seq)
);
create table erp_pushes (
    id bigint generated always as identity primary key,
    tenant text not null,
    app_id text not null,
    -- The order whose line this stands in, and the one that it is about.
    line_id bigint not null,
    order_id bigint not null,
    -- 'start', 'end', 'log' or 'call'.
    kind text not null,
    -- Of a call: its id and the path it goes to.
    call_id text,
    address text,
    -- What is sent, to the byte; and the id under which it is sent, also when it is repeated.
    body text not null,
    message_id uuid not null,
    state text not null,
    -- Later pushes of the line wait for this one.
    holds boolean not null,
    -- Nobody wants the answer any more.
    unwanted boolean not null default false,
    attempts integer not null default 0,
    tries integer not null default 0,
    -- When it may go out; the end of the lease while somebody sends it.
    due_at timestamptz,
    lease uuid,
    last_code text,
    last_error text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index erp_pushes_due on erp_pushes (tenant, app_id, due_at) where state = 'due';
create index erp_pushes_open on erp_pushes (tenant, app_id, state)
    where state in ('due', 'waiting', 'parked', 'not_configured');
create index erp_pushes_line on erp_pushes (tenant, line_id, id) where holds;
create index erp_pushes_of_order on erp_pushes (tenant, order_id, id);
create index erp_pushes_listed on erp_pushes (tenant, id);
create index erp_pushes_call on erp_pushes (tenant, call_id) where call_id is not null;
create index erp_pushes_ended on erp_pushes (updated_at) where due_at is null;
create table erp_attempts (
    push_id bigint not null references erp_pushes on delete cascade,
    no integer not null,
    at timestamptz not null default now(),
    ok boolean not null,
    -- How long the ERP took.
    took_ms integer not null,
    code text,
    detail text,
    primary key (push_id, no)
);
