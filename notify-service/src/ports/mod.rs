//! Thin clients of the outside: DingTalk, and sso-service for its tokens.

pub(crate) mod dingtalk;
pub(crate) mod sso;
