//! Sends one work notification to everybody who gets the same one.

use std::collections::{BTreeSet, HashMap};

use futures_util::future::join_all;
use shared::dingtalk::Access;

use super::call_dingtalk::Round;
use super::resolve_person::Found;
use crate::domain::outcome::Outcome;
use crate::domain::person::DingUser;
use crate::domain::template;
use crate::ports::dingtalk::Api;
use crate::store::claims::Claimed;

/// Receivers of one send at most.
const MOST_RECEIVERS: usize = 100;

/// Claims whose message is the same to the byte.
pub(crate) fn groups(claims: Vec<Claimed>) -> Vec<Vec<Claimed>> {
    let mut groups: Vec<Vec<Claimed>> = Vec::new();
    let mut open: HashMap<(String, String), usize> = HashMap::new();
    for claim in claims {
        let key = &claim.notice.key;
        let same = (format!("{}/{}/{}", key.app, key.order, key.task), claim.h5_url.clone());
        let group = open.get(&same).and_then(|place| groups.get_mut(*place));
        match group.filter(|group| group.len() < MOST_RECEIVERS) {
            Some(group) => group.push(claim),
            None => {
                open.insert(same, groups.len());
                groups.push(vec![claim]);
            }
        }
    }
    groups
}

/// One outcome for each claim of the group.
pub(crate) async fn push_work(
    round: &Round<'_>,
    found: &Found,
    group: &[Claimed],
) -> Vec<(i64, Outcome)> {
    let receivers = join_all(group.iter().map(|claim| receiver(round, found, claim))).await;
    let userids: BTreeSet<String> =
        receivers.iter().flatten().map(|user: &DingUser| user.userid.clone()).collect();
    let sent = match (group.first(), userids.is_empty()) {
        (Some(first), false) => send(round, first, userids.into_iter().collect()).await,
        (Some(_), true) | (None, _) => Outcome::NotTried.into(),
    };
    let outcome = |receiver: Result<DingUser, Outcome>| match (receiver, &sent) {
        (Err(outcome), _) => outcome,
        (Ok(user), Sent::Under(send)) => {
            Outcome::Accepted { send: send.clone(), userid: user.userid }
        }
        (Ok(_), Sent::Not(outcome)) => outcome.clone(),
    };
    group.iter().map(|claim| claim.known.id).zip(receivers.into_iter().map(outcome)).collect()
}

async fn receiver(round: &Round<'_>, found: &Found, claim: &Claimed) -> Result<DingUser, Outcome> {
    if !claim.known.is_wanted() {
        return Err(Outcome::Unwanted("the task has closed"));
    }
    found.resolve(round, claim).await
}

enum Sent {
    Under(String),
    Not(Outcome),
}

impl From<Outcome> for Sent {
    fn from(outcome: Outcome) -> Self {
        Sent::Not(outcome)
    }
}

async fn send(round: &Round<'_>, first: &Claimed, userids: Vec<String>) -> Sent {
    let message = template::message(&first.notice, &first.h5_url);
    let (dingtalk, userids, message) = (&round.ctx.dingtalk, &userids, &message);
    let ask = |access: Access| async move { dingtalk.send(&access, userids, message).await };
    match round.call(Api::Send, ask).await {
        Ok(send) => Sent::Under(send),
        Err(setback) => Sent::Not(setback.into()),
    }
}
