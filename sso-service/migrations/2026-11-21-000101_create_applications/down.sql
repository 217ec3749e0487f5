drop table audit_records; drop table nonces; drop table dingtalk_apps; drop table applications; drop table enterprises;
