-- An event is written once and read once, whole: as text nobody has to take it apart on the way.
alter table outbox alter column payload type text using payload::text;
alter table dead_letters alter column payload type text using payload::text;
-- Rows come in the order of their time, so a summary of it is enough for the daily sweep.
drop index inbox_handled_at;
create index inbox_handled_at on inbox using brin (handled_at);
