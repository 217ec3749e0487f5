#![doc = include_str!("../README.md")]

mod app;
mod config;
mod domain;
mod error;
mod events;
mod http;
mod jobs;
mod ports;
mod store;
mod usecase;

pub use {app::App, config::Config};
