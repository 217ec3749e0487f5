//! What each person said, for histories and for those who ask why.

use super::{Approval, Decided, Opinion, Past, Said, Seat, SeatState};

impl Approval {
    /// What each person said, in the order of the seats; advice stands before the decision.
    pub(crate) fn results(&self) -> Vec<Opinion<'_>> {
        self.seats.iter().flat_map(Seat::opinions).collect()
    }
}

impl Seat {
    fn opinions(&self) -> Vec<Opinion<'_>> {
        let mut opinions = Vec::new();
        for past in &self.past {
            if let Past::Returned { advice, .. } = past {
                let said = if advice.passed { Said::AdvisedPass } else { Said::AdvisedReject };
                opinions.push(advice.opinion(self.no, said));
            }
        }
        if let Some(decided) = &self.decided {
            let said = if decided.passed { Said::Passed } else { Said::Rejected };
            opinions.push(decided.opinion(self.no, said));
            return opinions;
        }
        let said = match self.state {
            SeatState::Open => Said::Asked,
            SeatState::Waiting => Said::NotYetAsked,
            SeatState::Passed | SeatState::Rejected | SeatState::Gone => Said::NotNeeded,
        };
        opinions.extend(self.holders().into_iter().map(|pick| Opinion {
            seat: self.no,
            user: &pick.user,
            on_behalf_of: pick.on_behalf_of.as_deref(),
            said,
            comment: None,
            at: None,
        }));
        opinions
    }
}

impl Decided {
    fn opinion(&self, seat: u32, said: Said) -> Opinion<'_> {
        Opinion {
            seat,
            user: &self.user,
            on_behalf_of: self.on_behalf_of.as_deref(),
            said,
            comment: self.comment.as_deref(),
            at: Some(self.at),
        }
    }
}
