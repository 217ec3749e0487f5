//! DingTalk as seen from outside: both API generations on one port, and what people received.
//!
//! Every call passes `gate` (faults, token, permission, rate) and then its row in the table of one
//! family (`token`, `sign_in`, `contact`, `department`, `message`, `todo`). A new family is a file with its own
//! `APIS` and one line in `routes`. Addresses under `/_` belong to the tests (`desk`).

mod answer;
mod args;
mod call;
mod contact;
mod department;
mod desk;
mod directory;
mod gate;
mod inbox;
mod knobs;
mod message;
mod options;
mod routes;
mod server;
mod sign_in;
mod state;
mod tally;
mod throttle;
mod todo;
mod token;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use self::state::State;
use crate::host::Host;

pub use self::{
    inbox::{Message, Todo},
    knobs::Knobs,
    options::{App, Department, Limits, Options, Person, SCOPES},
    tally::{Calls, Count},
};

/// A running fake; it stops when dropped.
pub struct DingTalk {
    host: Host,
    state: Arc<Mutex<State>>,
}

impl DingTalk {
    /// Binds 127.0.0.1 and serves on a thread of its own, so any runtime of the caller will do.
    pub async fn start(options: Options) -> io::Result<DingTalk> {
        let port = options.port;
        let state = Arc::new(Mutex::new(State::new(options)));
        let host = Host::start("fake-dingtalk", port, state.clone(), server::serve).await?;
        Ok(DingTalk { host, state })
    }

    /// Stops serving and waits until the port is closed.
    pub async fn stop(self) {
        self.host.stop().await;
    }

    pub fn address(&self) -> SocketAddr {
        self.host.address()
    }

    /// The base address of all three hosts: `oapi`, `api` and `login.dingtalk.com`.
    pub fn base_url(&self) -> String {
        self.host.base_url()
    }

    /// What has reached people as work notifications, oldest first.
    pub fn inbox(&self) -> Vec<Message> {
        inbox::messages(&self.state())
    }

    /// What stands on people's to-do lists, one entry per executor, oldest first.
    pub fn todos(&self) -> Vec<Todo> {
        inbox::todos(&self.state())
    }

    /// How often each API was called and how it went.
    pub fn calls(&self) -> Calls {
        self.state().calls.clone()
    }

    /// Moves the clock forward.
    pub fn advance(&self, secs: i64) {
        self.state().clock.advance(secs);
    }

    /// Makes the platform misbehave; absent knobs stay as they are.
    pub fn knobs(&self, knobs: Knobs) {
        self.state().turn(knobs);
    }

    /// Hires a person, or replaces the one with the same userid.
    pub fn add_person(&self, person: Person) {
        self.state().directory.add_person(person);
    }

    /// A person leaves and vanishes from every answer; false if nobody has this userid.
    pub fn remove_person(&self, userid: &str) -> bool {
        self.state().directory.remove_person(userid)
    }

    /// Adds a department, or replaces the one with the same id.
    pub fn add_department(&self, department: Department) {
        self.state().directory.add_department(department);
    }

    /// A person opens a notification; false if it never reached this person.
    pub fn read(&self, userid: &str, task_id: i64) -> bool {
        inbox::read(&mut self.state(), userid, task_id)
    }

    /// Lets people who sign in come back to one more address of an app.
    pub fn register(&self, app_key: &str, redirect_uri: &str) {
        let mut state = self.state();
        let mut apps = state.options.apps.iter_mut();
        if let Some(app) = apps.find(|app| app.app_key == app_key) {
            app.redirect_uris.push(redirect_uri.to_owned());
        }
    }

    /// The code that a page inside the client gets for this person; nothing if nobody has this userid.
    pub fn code_inside(&self, userid: &str) -> Option<String> {
        sign_in::code_inside(&mut self.state(), userid)
    }

    /// Back to the options of the start: people, clock, tokens, messages and counters.
    pub fn reset(&self) {
        self.state().reset();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
