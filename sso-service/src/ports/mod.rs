//! Others: the ERP's OAuth2 addresses, DingTalk's sign-in, sync-service.

pub(crate) mod dingtalk;
pub(crate) mod directory;
pub(crate) mod erp_oauth;
