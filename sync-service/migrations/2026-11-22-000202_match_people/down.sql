alter table users drop column source; drop index users_dingtalk_mobile; drop index users_email;
