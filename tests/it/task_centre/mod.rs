//! The task centre: snapshots of orders in, lists, details and differences out.

mod history;
mod links;
mod lists;
mod person;
mod races;
mod snapshots;
mod tenants;
