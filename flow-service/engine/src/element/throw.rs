//! Events that throw. Messages and signals leave once everything else has come to rest, so that
//! whoever is about to wait for them does.

use std::sync::Arc;

use crate::effect::Effect;
use crate::instance::What as Waited;
use crate::process::{Throw, What};
use crate::value::Variables;
use crate::work::Work;

impl Work<'_> {
    /// An event begins to throw.
    pub(super) fn begin_throw(&mut self, id: u64, throws: &[Throw]) {
        if throws.iter().any(|it| matches!(it, Throw::Message(_) | Throw::Signal(_))) {
            self.later_throw(id);
        } else {
            self.throw(id);
        }
    }

    /// An event throws everything it has to throw: what ends or moves its own token comes last.
    pub(crate) fn throw(&mut self, id: u64) {
        let Some(spot) = self.spot(id) else { return };
        let What::Throw(throws) = &spot.node().what else { return };
        let last = throws.iter().find(|it| is_last(it));
        if !throws.iter().all(|it| matches!(it, Throw::Link(_))) {
            self.act(id);
        }
        if !matches!(last, Some(Throw::Compensate(_))) {
            self.tell_completed(id, &spot);
        }
        for throw in throws {
            match throw {
                Throw::Message(name) => self.deliver_message(id, name),
                Throw::Signal(name) => self.cry(id, name),
                Throw::Escalation(code) => self.escalate(id, code.as_ref()),
                Throw::Error(_)
                | Throw::Terminate
                | Throw::Cancel
                | Throw::Compensate(_)
                | Throw::Link(_) => {}
            }
            if !self.is_there(id) {
                return;
            }
        }
        match last {
            Some(Throw::Error(code)) => {
                self.ended_by(spot.run, spot.ix);
                let message = code.as_deref().unwrap_or("未命名的错误").to_owned();
                self.throw_error(id, code.as_ref(), message);
            }
            Some(Throw::Terminate) => {
                self.ended_by(spot.run, spot.ix);
                self.remove(id);
                self.cancel_inside(spot.parent);
                self.later_close(spot.parent);
            }
            Some(Throw::Cancel) => {
                self.remove(id);
                self.cancel_transaction(spot.parent);
            }
            Some(Throw::Compensate(activity)) => self.compensate(id, *activity),
            Some(Throw::Link(target)) => {
                self.send_token(*target, spot.parent, None, spot.at);
                self.remove(id);
                self.end_token(spot.parent);
            }
            _ => self.complete(id),
        }
    }

    fn cry(&mut self, id: u64, name: &Arc<str>) {
        let variables = self.visible(id);
        self.deliver_signal(name, &Variables::new());
        self.effects.push(Effect::Broadcast { name: name.to_string(), variables });
    }

    fn deliver_message(&mut self, id: u64, name: &Arc<str>) {
        let takes = |it: &&crate::instance::Wait| match &it.what {
            Waited::Message(it) | Waited::Receive(Some(it)) => it == name,
            _ => false,
        };
        match self.instance.waits.iter().find(takes).map(|it| it.number) {
            Some(wait) => self.trigger(wait, Variables::new()),
            None => {
                let variables = self.visible(id);
                self.effects.push(Effect::Publish { name: name.to_string(), variables });
            }
        }
    }

    /// Everybody inside who waits for a signal gets it.
    pub(crate) fn deliver_signal(&mut self, name: &str, given: &Variables) {
        let takes =
            |it: &&crate::instance::Wait| matches!(&it.what, Waited::Signal(it) if **it == *name);
        let waits: Vec<u64> =
            self.instance.waits.iter().filter(takes).map(|it| it.number).collect();
        for wait in waits {
            self.trigger(wait, given.clone());
        }
    }
}

/// Whether a throw ends or moves the event's own token.
fn is_last(throw: &Throw) -> bool {
    match throw {
        Throw::Message(_) | Throw::Signal(_) | Throw::Escalation(_) => false,
        Throw::Error(_)
        | Throw::Terminate
        | Throw::Cancel
        | Throw::Compensate(_)
        | Throw::Link(_) => true,
    }
}
