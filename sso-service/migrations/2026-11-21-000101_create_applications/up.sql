-- Who may come in: enterprises, their applications, their DingTalk application; secrets are sealed.
create table enterprises (
    code text primary key,
    name text not null,
    enabled boolean not null default true,
    created_at timestamptz not null default now()
);
create table applications (
    tenant text not null references enterprises (code),
    app_id text not null,
    name text not null,
    enabled boolean not null default true,
    accept_v0 boolean not null default false,
    require_timestamp boolean not null default false,
    any_order boolean not null default false,
    secret bytea not null,
    previous_secret bytea,
    previous_until timestamptz,
    created_at timestamptz not null default now(),
    primary key (tenant, app_id)
);
create table dingtalk_apps (
    tenant text primary key references enterprises (code),
    app_key text not null,
    app_secret bytea not null,
    agent_id bigint not null,
    corp_id text not null,
    oapi_url text not null,
    api_url text not null,
    token bytea,
    token_until timestamptz,
    refreshing_until timestamptz
);
create table nonces (
    tenant text not null,
    app_id text not null,
    nonce text not null,
    until timestamptz not null,
    primary key (tenant, app_id, nonce)
);
create index nonces_until on nonces (until);
create table audit_records (
    id bigint generated always as identity primary key,
    tenant text not null,
    at timestamptz not null default now(),
    actor text not null,
    action text not null,
    request_id text,
    detail jsonb not null
);
create index audit_records_tenant on audit_records (tenant, id desc);
create index audit_records_at on audit_records (at);
