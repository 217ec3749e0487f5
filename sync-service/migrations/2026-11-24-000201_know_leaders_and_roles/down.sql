alter table departments drop column managers, drop column revision;
alter table users drop column title, drop column roles;
