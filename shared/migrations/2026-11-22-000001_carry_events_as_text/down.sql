drop index inbox_handled_at;
create index inbox_handled_at on inbox (handled_at);
alter table dead_letters alter column payload type jsonb using payload::jsonb;
alter table outbox alter column payload type jsonb using payload::jsonb;
