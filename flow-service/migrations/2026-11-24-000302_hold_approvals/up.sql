-- Tasks are seen row by row, one for each person whose word counts; their time runs out; what was done is linked.
alter table tasks add column row integer not null default 1;
alter table tasks drop constraint tasks_pkey;
alter table tasks add primary key (order_id, wait, row);
create index tasks_people on tasks using gin (assignees) where closed_at is null;

create table timeouts (
    root_id bigint not null,
    wait bigint not null,
    tenant text not null,
    due_at timestamptz not null,
    lease_until timestamptz,
    primary key (root_id, wait)
);
create index timeouts_due on timeouts (due_at);

-- What people did and decided in the step, and the link to the step before.
alter table steps add column detail jsonb;
alter table steps add column hash text;

-- Reminders of a person about an order: ten minutes apart, five a day.
create table urges (
    tenant text not null,
    order_id bigint not null,
    user_code text not null,
    count integer not null,
    day date not null,
    of_day integer not null,
    last_at timestamptz not null,
    primary key (tenant, order_id, user_code)
);
