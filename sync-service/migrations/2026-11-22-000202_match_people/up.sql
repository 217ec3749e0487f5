-- People who sign in are found by e-mail and by the mobile bound for DingTalk, and may be created.
create index users_email on users (tenant, lower(email)) where email is not null;
create index users_dingtalk_mobile on users (tenant, dingtalk_mobile) where dingtalk_mobile is not null;
-- Who told us of the person first: 'erp', or 'sso' for somebody created at sign-in.
alter table users add column source text not null default 'erp';
