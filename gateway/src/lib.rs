#![doc = include_str!("../README.md")]

mod app;
mod auth;
mod config;
mod docs;
mod door;
mod health;
mod limit;
mod open;
mod person;
mod proxy;
mod routes;
mod web;

pub use {app::App, config::Config};
