-- Lossy where changes wait: stop the publishers and let the queue run empty first.
drop index notices_created_at;
create index notices_created_at on notices (created_at);
drop table changes;
