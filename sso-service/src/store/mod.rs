//! Tables of sso-service: one file per aggregate, secrets sealed on the way in and out.

pub(crate) mod applications;
pub(crate) mod audit;
pub(crate) mod bindings;
pub(crate) mod dingtalk;
pub(crate) mod enterprises;
pub(crate) mod logins;
pub(crate) mod nonces;
pub(crate) mod people;
pub(crate) mod providers;
pub(crate) mod refresh_tokens;
pub(crate) mod seal;
pub(crate) mod sessions;
pub(crate) mod signing_keys;
