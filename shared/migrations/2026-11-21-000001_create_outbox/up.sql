-- Facts for others, written in the transaction that made them true; a row is deleted once the bus has it.
create table outbox (
    id bigint generated always as identity primary key,
    event_id uuid not null,
    topic text not null,
    key text not null,
    payload jsonb not null,
    request_id text,
    created_at timestamptz not null default now(),
    due_at timestamptz not null default now(),
    attempts integer not null default 0,
    last_error text
);
