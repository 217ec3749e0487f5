//! The fakes over real HTTP: every rule they enforce, also the ones that hurt.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may panic")]

mod contact;
mod department;
mod desk;
mod fault;
mod helpers;
mod message;
mod odoo;
mod rate;
mod receivers;
mod sign_in;
mod todo;
mod todo_life;
mod token;
