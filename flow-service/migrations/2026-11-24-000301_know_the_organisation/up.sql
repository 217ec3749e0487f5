-- Rules choose approvers by department, superior and title; deadlines count working time.
alter table people add column name text not null default '';
-- Absent = known from before, when nothing but this was told.
alter table people add column dept_id text;
alter table people add column supervisor text;
alter table people add column title text;
alter table people add column roles text[] not null default '{}';

create table departments (
    tenant text not null,
    dept_id text not null,
    dept_code text,
    name text not null,
    parent_id text,
    managers text[] not null,
    active boolean not null,
    revision bigint not null,
    primary key (tenant, dept_id)
);
create index departments_code on departments (tenant, dept_code) where dept_code is not null;

create table calendars (
    tenant text primary key,
    -- As aiflow-admin sent it.
    content jsonb not null,
    updated_at timestamptz not null default now()
);
