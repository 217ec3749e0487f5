-- Who is away, and who acts for them meanwhile.
create table absences (
    id uuid primary key,
    tenant text not null,
    user_code text not null,
    agent text not null,
    from_at timestamptz not null,
    to_at timestamptz not null,
    -- Absent = all of them.
    flows text[],
    reason text,
    created_at timestamptz not null default now(),
    cancelled_at timestamptz,
    lease_until timestamptz
);
create index absences_tenant on absences (tenant, to_at) where cancelled_at is null;
create index absences_current on absences (to_at) where cancelled_at is null;
create index absences_user on absences (tenant, user_code, from_at);
create index absences_agent on absences (tenant, agent, to_at) where cancelled_at is null;
