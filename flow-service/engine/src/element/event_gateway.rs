//! Event-based gateways: the first event that happens decides, or all of them happen in turn.

use crate::instance::{Role, What as Waited};
use crate::lifecycle::Phase;
use crate::process::{NodeIx, What};
use crate::trail::Happened;
use crate::work::{Spot, Work};

impl Work<'_> {
    /// Waits for every event behind the gateway.
    pub(super) fn begin_choice(&mut self, id: u64, spot: &Spot) {
        self.arm_choice(id, spot, None);
    }

    fn arm_choice(&mut self, id: u64, spot: &Spot, except: Option<NodeIx>) {
        let graph = &spot.process.graph;
        let events = spot.node().outgoing.iter().map(|&flow| graph.flow(flow).target);
        for event in events.filter(|&event| Some(event) != except) {
            match &graph.node(event).what {
                What::Catch(awaits) => self.arm(id, event, awaits),
                What::Receive { message: Some(message) } => {
                    self.open_wait(id, event, 0, Waited::Message(message.clone()));
                }
                _ => {}
            }
        }
    }

    /// The gateway began the order with an event that has happened.
    pub(super) fn choose_at_start(&mut self, id: u64, event: NodeIx) {
        let Some(spot) = self.spot(id) else { return };
        self.phase(id, Phase::Active);
        if let What::EventBased { parallel: true } = spot.node().what {
            self.arm_choice(id, &spot, Some(event));
        }
        self.choose(id, event);
    }

    /// One of the events has happened.
    pub(super) fn choose(&mut self, id: u64, event: NodeIx) {
        let Some(spot) = self.spot(id) else { return };
        let all = matches!(spot.node().what, What::EventBased { parallel: true });
        if all {
            self.close_waits_if(|wait| wait.owner == id && wait.node == event);
        } else {
            self.close_waits(id);
        }
        self.act(id);
        self.add_token(spot.parent);
        if !self.instance.waits.iter().any(|wait| wait.owner == id) {
            self.record(&spot, Happened::Completed);
            self.remove(id);
            self.end_token(spot.parent);
        }
        let chosen = self.spawn(event, spot.parent, spot.run, Role::Single, spot.at);
        self.happen(chosen);
    }
}
