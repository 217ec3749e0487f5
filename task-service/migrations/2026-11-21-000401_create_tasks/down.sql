drop table flows; drop table people; drop table audit_records; drop table approval_logs; drop table cards; drop table tasks; drop table orders;
