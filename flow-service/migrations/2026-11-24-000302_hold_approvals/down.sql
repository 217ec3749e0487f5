drop table urges;
alter table steps drop column hash;
alter table steps drop column detail;
drop table timeouts;
drop index tasks_people;
delete from tasks where row > 1;
alter table tasks drop constraint tasks_pkey;
alter table tasks add primary key (order_id, wait);
alter table tasks drop column row;
