//! The edge of a service: server, requests read, answers written.

pub mod body;
pub mod client;
pub mod fields;
pub mod health;
pub mod json;
pub mod openapi;
pub mod reply;
pub mod request_id;
pub mod server;
