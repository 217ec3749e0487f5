drop table calendars, departments;
alter table people drop column name, drop column dept_id, drop column supervisor, drop column title, drop column roles;
