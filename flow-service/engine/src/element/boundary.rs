//! Events on the border of an activity.

use crate::instance::Role;
use crate::process::{NodeIx, What};
use crate::value::Variables;
use crate::work::{Spot, Work};

impl Work<'_> {
    /// Waits for what happens on the border of an activity.
    pub(super) fn arm_boundaries(&mut self, host: u64, spot: &Spot) {
        for &event in &spot.node().boundaries {
            if let What::Boundary { awaits, .. } = &spot.process.graph.node(event).what {
                self.arm(host, event, awaits);
            }
        }
    }

    /// An event on the border of an activity has happened: the token of an interrupted activity
    /// goes on from there, else a new one.
    pub(crate) fn fire_boundary(
        &mut self,
        host: u64,
        event: NodeIx,
        interrupting: bool,
        given: Variables,
    ) {
        let Some(spot) = self.spot(host) else { return };
        self.set(spot.parent, given);
        self.act(host);
        let mut at = spot.at;
        if interrupting {
            at = self.interrupted(host, &spot);
            self.cancel(host);
        } else {
            self.add_token(spot.parent);
        }
        let id = self.spawn(event, spot.parent, spot.run, Role::Single, at);
        self.happen(id);
    }
}
