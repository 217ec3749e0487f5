drop table users; drop table departments; drop table directories;
