//! The floor everyone stands on: what every service does in the same way and is not about approvals.
//!
//! Reading order: failures ([`code`], [`fault`]), values ([`id`], [`clock`], [`time`], [`patch`]), start-up
//! ([`config`], [`telemetry`], [`service`]), who calls ([`identity`], [`session`], [`sign`]), storage ([`db`]),
//! facts for others ([`outbox`], [`inbox`], [`bus`], [`contract`]), the edge ([`http`]), and the
//! one outside system that several services talk to ([`dingtalk`]).

pub mod code;
pub mod fault;

pub mod clock;
pub mod id;
pub mod patch;
pub mod time;

pub mod config;
pub mod service;
pub mod telemetry;

pub mod identity;
pub mod session;
pub mod sign;

pub mod db;

pub mod bus;
pub mod contract;
pub mod inbox;
pub mod outbox;

pub mod http;

pub mod dingtalk;

#[cfg(feature = "testing")]
pub mod testing;
