-- What was heard already (kept 14 days), and what could not be handled (until it is, or is parked).
create table inbox (
    consumer text not null,
    event_id uuid not null,
    handled_at timestamptz not null default now(),
    primary key (consumer, event_id)
);
create index inbox_handled_at on inbox (handled_at);
create table dead_letters (
    consumer text not null,
    event_id uuid not null,
    topic text not null,
    key text not null,
    payload jsonb not null,
    request_id text,
    attempts integer not null,
    last_error text not null,
    due_at timestamptz not null,
    parked_at timestamptz,
    primary key (consumer, event_id)
);
create index dead_letters_due on dead_letters (due_at) where parked_at is null;
