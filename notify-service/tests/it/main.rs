//! notify-service over HTTP and the bus, with a real PostgreSQL and a fake DingTalk.

mod admin;
mod close;
mod faults;
mod helpers;
mod people;
mod push;
mod rate;
