-- Who leads a department, and people's titles and roles: approval rules ask for them.
alter table departments add column managers text[] not null default '{}';
-- The directory's revision at the last change; 0 = before this was kept.
alter table departments add column revision bigint not null default 0;
alter table users add column title text;
alter table users add column roles text[] not null default '{}';
create index users_roles on users using gin (roles) where roles <> '{}';
