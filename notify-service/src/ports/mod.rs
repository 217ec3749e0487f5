//! Thin clients of the outside: DingTalk, ERPs, and sso-service for tokens and secrets.

pub(crate) mod credentials;
pub(crate) mod dingtalk;
pub(crate) mod erp;
mod resolver;
pub(crate) mod sso;
