//! sso-service over HTTP and the bus, with a real PostgreSQL and stand-ins for the ERP, DingTalk and
//! sync-service.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may panic")]

mod binding;
mod crash;
mod dingtalk;
mod erp;
mod helpers;
mod login;
mod outside;
mod secrets;
mod session;
mod tokens;
