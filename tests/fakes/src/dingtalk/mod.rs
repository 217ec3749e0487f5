//! DingTalk as seen from outside: both API generations on one port, and what people received.
//!
//! Every call passes `gate` (faults, token, permission, rate) and then its row in the table of one
//! family (`token`, `contact`, `department`, `message`, `todo`). A new family is a file with its own
//! `APIS` and one line in `routes`. Addresses under `/_` belong to the tests (`desk`).

mod answer;
mod args;
mod call;
mod clock;
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
mod state;
mod tally;
mod throttle;
mod todo;
mod token;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use actix_web::dev::ServerHandle;
use tokio::sync::oneshot;

use self::state::State;

pub use self::{
    inbox::{Message, Todo},
    knobs::Knobs,
    options::{App, Department, Limits, Options, Person, SCOPES},
    tally::{Calls, Count},
};

/// A running fake; it stops when dropped.
pub struct DingTalk {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    server: ServerHandle,
}

impl DingTalk {
    /// Binds 127.0.0.1 and serves on a thread of its own, so any runtime of the caller will do.
    pub async fn start(options: Options) -> io::Result<DingTalk> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State::new(options)));

        let (ready, started) = oneshot::channel();
        let served = state.clone();
        thread::Builder::new()
            .name("fake-dingtalk".to_owned())
            .spawn(move || server::run(listener, served, ready))?;
        let server = started.await.map_err(io::Error::other)??;

        Ok(DingTalk { address, state, server })
    }

    /// Stops serving and waits until the port is closed.
    pub async fn stop(self) {
        self.server.stop(false).await;
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base address of both hosts, `oapi.dingtalk.com` and `api.dingtalk.com`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
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

    /// Back to the options of the start: people, clock, tokens, messages and counters.
    pub fn reset(&self) {
        self.state().reset();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for DingTalk {
    fn drop(&mut self) {
        // The order to stop is given at once; only waiting for it would need a runtime.
        drop(self.server.stop(false));
    }
}
