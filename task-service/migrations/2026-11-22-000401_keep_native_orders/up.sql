-- Orders of our own engine stand beside those of the ERPs: a number of theirs must never meet one of ours.
alter table orders add column source text not null default 'third_party';
alter table orders drop constraint orders_tenant_app_id_number_key;
-- The number before the application: an order is also looked for by its number alone.
alter table orders add unique (tenant, number, app_id, source);
-- Of a native task: the newest step heard that opened it, 0 = only its end was heard.
alter table tasks add column opened_seq bigint;
create index tasks_native on tasks (task_code) where opened_seq is not null;
alter table approval_logs add column source text not null default 'third_party';
alter table approval_logs drop constraint approval_logs_tenant_app_id_number_task_code_handler_handle_key;
alter table approval_logs add unique (tenant, app_id, number, source, task_code, handler, handled_at);
