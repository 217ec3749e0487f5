-- Flows that run in an ERP: their pages and their people, in versions of which one is online.
create table flow_groups (
    tenant text not null,
    group_id text not null,
    created_at timestamptz not null default now(),
    primary key (tenant, group_id)
);
create table flows (
    tenant text not null,
    flow_code text not null,
    app_id text not null,
    kind text not null,
    revision bigint not null default 0,
    created_at timestamptz not null default now(),
    primary key (tenant, flow_code)
);
create index flows_app on flows (tenant, app_id);
create table flow_versions (
    tenant text not null,
    flow_code text not null,
    version integer not null,
    state text not null,
    content jsonb not null,
    update_desc text,
    created_at timestamptz not null,
    online_at timestamptz,
    primary key (tenant, flow_code, version),
    foreign key (tenant, flow_code) references flows (tenant, flow_code)
);
create unique index flow_versions_online on flow_versions (tenant, flow_code) where state = 'online';
