//! Everything the fake remembers between two requests.

use std::collections::HashMap;

use uuid::Uuid;

use super::{
    authorize::Wish,
    control::{Control, Habits},
    options::{Options, User},
    received::Received,
    workflow::{FaultyOrders, Pushed},
};
use crate::clock::Clock;

pub(super) struct State {
    pub(super) options: Options,
    pub(super) clock: Clock,
    pub(super) habits: Habits,
    /// Who is signed in, by session cookie.
    pub(super) sessions: HashMap<String, String>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) grants: Vec<Grant>,
    pub(super) received: Vec<Received>,
    pub(super) issued: Vec<String>,
    pub(super) pushed: Vec<Pushed>,
    pub(super) faulty_orders: FaultyOrders,
    /// Calls of service tasks that were obeyed.
    pub(super) served: u32,
}

/// A person's permission on its way through the browser.
pub(super) struct Code {
    pub(super) wish: Wish,
    pub(super) user_id: String,
    pub(super) expires_ms: i64,
    pub(super) used: bool,
}

/// What a code or a refresh token was exchanged for.
pub(super) struct Grant {
    /// The code at its beginning.
    pub(super) code: String,
    pub(super) user_id: String,
    pub(super) access_token: String,
    pub(super) refresh_token: String,
    pub(super) expires_ms: i64,
    pub(super) revoked: bool,
}

impl State {
    pub(super) fn new(options: Options) -> State {
        State {
            clock: Clock::new(options.clock_at),
            habits: Habits::default(),
            sessions: HashMap::new(),
            codes: HashMap::new(),
            grants: Vec::new(),
            received: Vec::new(),
            issued: Vec::new(),
            pushed: Vec::new(),
            faulty_orders: FaultyOrders::new(),
            served: 0,
            options,
        }
    }

    /// A value that nobody can guess, remembered as one.
    pub(super) fn secret(&mut self) -> String {
        let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        self.issued.push(secret.clone());
        secret
    }

    pub(super) fn user(&self, user_id: &str) -> Option<&User> {
        self.options.users.iter().find(|user| user.user_id == user_id)
    }

    pub(super) fn add_user(&mut self, user: User) {
        self.options.users.retain(|known| known.user_id != user.user_id);
        self.options.users.push(user);
    }

    pub(super) fn obey(&mut self, control: Control) {
        if control.reset {
            self.habits = Habits::default();
            self.faulty_orders.clear();
        }
        if control.revoke_tokens {
            self.grants.iter_mut().for_each(|grant| grant.revoked = true);
        }
        if control.sign_out {
            self.sessions.clear();
        }
        self.clock.advance(control.advance_secs);
        if let Some(secs) = control.code_secs {
            self.options.code_secs = secs;
        }
        if let Some(allowed) = control.may_use_codes {
            self.options.client.may_use_codes = allowed;
        }
        if let Some(user) = control.user.clone() {
            self.add_user(user);
        }
        if let Some(secret) = control.app_secret.clone() {
            self.options.credential.app_secret = secret;
        }
        self.faulty_orders.extend(control.orders.clone());
        self.habits.turn(control);
    }
}
