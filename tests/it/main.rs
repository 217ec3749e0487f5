//! The house over HTTP, as its callers see it: real PostgreSQL, real RabbitMQ, a fake DingTalk.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it finds, and fails where it cannot go on"
)]

mod approval;
mod bad_inputs;
mod dingtalk_sign_in;
mod door;
mod generated;
mod helpers;
mod json;
mod native;
mod organisation;
mod people_match;
mod push;
mod receiver;
mod signature;
mod sso;
mod stolen_session;
mod task_centre;
mod third_party;
mod tidy;
