-- People come in: how each enterprise signs them in, attempts under way, sessions and what proves them.
create table providers (
    tenant text primary key references enterprises (code),
    authorize_url text not null,
    token_url text not null,
    userinfo_url text not null,
    client_id text not null,
    client_secret bytea not null,
    scope text not null,
    dialect text not null,
    pkce boolean not null,
    bind_by_email boolean not null,
    auto_create boolean not null,
    enabled boolean not null default true,
    updated_at timestamptz not null default now()
);
alter table dingtalk_apps add column login_url text not null default 'https://login.dingtalk.com';
-- One attempt to sign in. Only hashes of what the browser holds; used once, by one update.
create table logins (
    state_hash bytea primary key,
    tenant text not null references enterprises (code),
    kind text not null,
    browser_hash bytea not null,
    verifier bytea,
    return_to text not null,
    until timestamptz not null,
    used_at timestamptz,
    finished_at timestamptz
);
create index logins_until on logins (until);
create table sessions (
    id uuid primary key,
    tenant text not null references enterprises (code),
    user_code text not null,
    name text not null,
    source text not null,
    created_at timestamptz not null default now(),
    -- Until then the last refresh token is good.
    until timestamptz not null,
    ended_at timestamptz,
    ended_why text,
    -- What the ERP gave us, sealed; never leaves the server.
    erp_tokens bytea
);
create index sessions_person on sessions (tenant, user_code) where ended_at is null;
create index sessions_until on sessions (until);
create index sessions_ended on sessions (ended_at) where ended_at is not null;
create table refresh_tokens (
    hash bytea primary key,
    session_id uuid not null references sessions (id) on delete cascade,
    created_at timestamptz not null default now(),
    used_at timestamptz,
    -- The token that followed, sealed, for whoever asks twice within the grace; cleared by the sweep.
    successor bytea
);
create index refresh_tokens_session on refresh_tokens (session_id);
create index refresh_tokens_used on refresh_tokens (used_at) where used_at is not null;
create table signing_keys (
    kid text primary key,
    seed bytea not null,
    public bytea not null,
    created_at timestamptz not null default now(),
    retired_at timestamptz
);
-- At most one key signs.
create unique index signing_keys_current on signing_keys ((true)) where retired_at is null;
create table bindings (
    tenant text not null references enterprises (code),
    source text not null,
    subject text not null,
    user_code text not null,
    bound_at timestamptz not null default now(),
    primary key (tenant, source, subject)
);
-- Our copy of who may come in, from directory.changed.
create table people (
    tenant text not null,
    user_code text not null,
    name text not null,
    active boolean not null,
    revision bigint not null,
    primary key (tenant, user_code)
);
-- The list of refused sign-ins.
create index audit_records_logins on audit_records (tenant, id desc) where action like 'login.%';
