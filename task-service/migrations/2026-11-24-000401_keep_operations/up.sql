-- What people do with tasks of our own engine beside deciding them, and what they may do.
-- Of native orders and tasks: see src/store/own.rs.
alter table orders add column own jsonb;
alter table tasks add column own jsonb;
-- Of a line that is an operation: its number, what was done, and to whom. 0 = a decision, or a line of an ERP.
alter table approval_logs add column line bigint not null default 0;
alter table approval_logs add column action text;
alter table approval_logs add column people text[];
alter table approval_logs add column on_behalf_of text;
alter table approval_logs add column attachments jsonb;
alter table approval_logs drop constraint approval_logs_tenant_app_id_number_source_task_code_handler_key;
alter table approval_logs add constraint approval_logs_once unique (tenant, app_id, number, source, task_code, handler, handled_at, line);
