-- The organisation of each enterprise as its ERP tells it.
create table directories (
    tenant text primary key,
    -- Who may write: 'erp', or 'dingtalk' once DingTalk is the source.
    source text not null default 'erp',
    revision bigint not null default 0
);
create table departments (
    tenant text not null,
    dept_id text not null,
    name text not null,
    parent_id text,
    dept_code text,
    order_num integer not null,
    active boolean not null,
    updated_at timestamptz not null default now(),
    primary key (tenant, dept_id)
);
create index departments_dept_code on departments (tenant, dept_code) where dept_code is not null;
create table users (
    tenant text not null,
    user_code text not null,
    user_name text not null,
    real_name text,
    email text,
    mobile text,
    dept_id text not null,
    personnel_type smallint not null,
    supervisor text,
    active boolean not null,
    dingtalk_user_id text,
    dingtalk_mobile text,
    revision bigint not null,
    updated_at timestamptz not null default now(),
    primary key (tenant, user_code)
);
create index users_dept on users (tenant, dept_id);
create index users_mobile on users (tenant, mobile) where mobile is not null;
create unique index users_dingtalk on users (tenant, dingtalk_user_id) where dingtalk_user_id is not null;
