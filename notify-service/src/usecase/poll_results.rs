//! Asks what became of a send, once for all of its receivers.

use std::collections::BTreeMap;

use shared::dingtalk::{Access, Trouble};

use super::call_dingtalk::Round;
use crate::domain::outcome::Outcome;
use crate::ports::dingtalk::{Api, SendResult};
use crate::store::claims::Claimed;

/// Claims of the same send.
pub(crate) fn groups(claims: Vec<Claimed>) -> Vec<Vec<Claimed>> {
    let mut groups: BTreeMap<String, Vec<Claimed>> = BTreeMap::new();
    for claim in claims {
        let send = claim.remote.as_ref().map(|remote| remote.0.clone()).unwrap_or_default();
        groups.entry(send).or_default().push(claim);
    }
    groups.into_values().collect()
}

/// One outcome for each claim of the group.
pub(crate) async fn poll_results(round: &Round<'_>, group: &[Claimed]) -> Vec<(i64, Outcome)> {
    let remote = group.first().and_then(|claim| claim.remote.as_ref());
    let Some((send, _)) = remote else {
        return all(group, &Outcome::NoResult);
    };
    let dingtalk = &round.ctx.dingtalk;
    let ask = |access: Access| async move { dingtalk.send_result(&access, send).await };
    match round.call(Api::SendResult, ask).await {
        Ok(result) => group.iter().map(|claim| (claim.known.id, outcome(&result, claim))).collect(),
        Err(setback) => all(group, &setback.into()),
    }
}

fn all(group: &[Claimed], outcome: &Outcome) -> Vec<(i64, Outcome)> {
    group.iter().map(|claim| (claim.known.id, outcome.clone())).collect()
}

fn outcome(result: &SendResult, claim: &Claimed) -> Outcome {
    let Some((_, userid)) = &claim.remote else { return Outcome::NoResult };
    let refused = |code: &str, message: &str| {
        Outcome::Trouble(Trouble::Refused { code: code.to_owned(), message: message.to_owned() })
    };
    if result.arrived.contains(userid) {
        return Outcome::Arrived;
    }
    if let Some((_, code)) = result.forbidden.iter().find(|(forbidden, _)| forbidden == userid) {
        return Outcome::Forbidden(code.clone());
    }
    if result.invalid.contains(userid) {
        return refused("invalid_user", "DingTalk does not know the receiver");
    }
    if result.failed.contains(userid) {
        return refused("send_failed", "DingTalk could not send it to the receiver");
    }
    Outcome::NoResult
}
