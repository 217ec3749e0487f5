//! The ERP's side of single sign-on, as part two section 1 of the interface document asks of Odoo,
//! and what aiflow tells it of orders (section 2).
//!
//! `authorize` and `login` are what a browser sees, `token` and `userinfo` what aiflow calls. Strict
//! where the document or RFC 6749 is, and where both leave room, strict as well. Addresses under
//! `/_` belong to the tests (`desk`).

mod authorize;
mod call;
mod control;
mod desk;
mod login;
mod options;
mod received;
mod server;
mod state;
mod token;
mod userinfo;
mod workflow;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use self::state::State;
use crate::host::Host;

pub use self::{
    control::{Control, Fault},
    options::{Client, Credential, Options, User},
    received::Received,
    workflow::Pushed,
};

/// A running fake; it stops when dropped.
pub struct Odoo {
    host: Host,
    state: Arc<Mutex<State>>,
}

impl Odoo {
    /// Binds 127.0.0.1 and serves on a thread of its own, so any runtime of the caller will do.
    pub async fn start(options: Options) -> io::Result<Odoo> {
        let port = options.port;
        let state = Arc::new(Mutex::new(State::new(options)));
        let host = Host::start("fake-odoo", port, state.clone(), server::serve).await?;
        Ok(Odoo { host, state })
    }

    /// Stops serving and waits until the port is closed.
    pub async fn stop(self) {
        self.host.stop().await;
    }

    pub fn address(&self) -> SocketAddr {
        self.host.address()
    }

    pub fn base_url(&self) -> String {
        self.host.base_url()
    }

    /// Where browsers are sent.
    pub fn authorize_url(&self) -> String {
        format!("{}{}", self.base_url(), authorize::ADDRESS)
    }

    /// Where codes are exchanged.
    pub fn token_url(&self) -> String {
        format!("{}{}", self.base_url(), token::ADDRESS)
    }

    /// Where people are described.
    pub fn userinfo_url(&self) -> String {
        format!("{}{}", self.base_url(), userinfo::ADDRESS)
    }

    /// Every request so far, secrets masked, oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.state().received.clone()
    }

    /// How often codes were exchanged, or tried to be.
    pub fn token_calls(&self) -> usize {
        self.count(token::ADDRESS)
    }

    /// How often somebody was asked about.
    pub fn userinfo_calls(&self) -> usize {
        self.count(userinfo::ADDRESS)
    }

    /// What aiflow told of orders so far, oldest first.
    pub fn pushes(&self) -> Vec<Pushed> {
        self.state().pushed.clone()
    }

    /// Every code and token handed out so far: none of them may be found in a log or a table.
    pub fn secrets(&self) -> Vec<String> {
        self.state().issued.clone()
    }

    /// Makes it misbehave or speak otherwise; what is absent stays as it is.
    pub fn control(&self, control: Control) {
        self.state().obey(control);
    }

    /// Moves the clock forward.
    pub fn advance(&self, secs: i64) {
        self.state().clock.advance(secs);
    }

    /// Lets the client send people back to one more address.
    pub fn register(&self, redirect_uri: &str) {
        self.state().options.client.redirect_uris.push(redirect_uri.to_owned());
    }

    /// Hires a person, or replaces the one with the same user id.
    pub fn add_user(&self, user: User) {
        self.state().add_user(user);
    }

    fn count(&self, address: &str) -> usize {
        self.state().received.iter().filter(|one| one.path == address).count()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
