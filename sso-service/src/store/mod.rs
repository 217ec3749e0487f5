//! Tables of sso-service: one file per aggregate, secrets sealed on the way in and out.

pub(crate) mod applications;
pub(crate) mod audit;
pub(crate) mod dingtalk;
pub(crate) mod enterprises;
pub(crate) mod nonces;
pub(crate) mod seal;
