//! Everything the platform remembers between two calls.

use super::{
    directory::Directory,
    knobs::{Faults, Knobs},
    message::Sends,
    options::{App, Options},
    sign_in::SignIns,
    tally::Calls,
    throttle::Throttle,
    todo::Cards,
    token::Tokens,
};
use crate::clock::Clock;

pub(super) struct State {
    pub(super) options: Options,
    pub(super) clock: Clock,
    pub(super) directory: Directory,
    pub(super) tokens: Tokens,
    pub(super) throttle: Throttle,
    pub(super) sign_ins: SignIns,
    pub(super) sends: Sends,
    pub(super) cards: Cards,
    pub(super) faults: Faults,
    pub(super) calls: Calls,
}

impl State {
    pub(super) fn new(options: Options) -> State {
        State {
            clock: Clock::new(options.clock_at),
            directory: Directory::new(&options),
            tokens: Tokens::default(),
            throttle: Throttle::default(),
            sign_ins: SignIns::default(),
            sends: Sends::default(),
            cards: Cards::default(),
            faults: Faults::default(),
            calls: Calls::default(),
            options,
        }
    }

    pub(super) fn reset(&mut self) {
        *self = State::new(self.options.clone());
    }

    pub(super) fn app(&self, app_key: &str) -> Option<&App> {
        self.options.apps.iter().find(|app| app.app_key == app_key)
    }

    pub(super) fn turn(&mut self, knobs: Knobs) {
        if knobs.revoke_token {
            self.tokens.revoke();
        }
        self.clock.advance(knobs.advance_secs);
        self.faults.turn(knobs);
    }
}
