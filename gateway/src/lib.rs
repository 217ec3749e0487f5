#![doc = include_str!("../README.md")]

mod app;
mod auth;
mod config;
mod docs;
mod door;
mod health;
mod limit;
mod proxy;
mod routes;

pub use {app::App, config::Config};
