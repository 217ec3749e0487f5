//! Finds a person at DingTalk, once in a round and then never again until mobile or binding change.

use std::collections::HashMap;

use shared::dingtalk::Access;
use tokio::sync::OnceCell;

use super::call_dingtalk::{Round, Setback};
use crate::domain::outcome::Outcome;
use crate::domain::person::{DingUser, Handle, Person};
use crate::ports::dingtalk::Api;
use crate::store::claims::Claimed;
use crate::store::people;

/// The people of a round, each looked up by whoever needs them first.
pub(crate) struct Found(HashMap<String, OnceCell<Result<DingUser, Setback>>>);

impl Found {
    /// Nobody is looked up yet, except those who are known.
    pub(crate) fn of(claims: &[Claimed]) -> Self {
        let place = |claim: &Claimed| {
            let known = claim.ding_user.clone().map(Ok);
            (claim.user.clone(), OnceCell::new_with(known))
        };
        Self(claims.iter().map(place).collect())
    }

    /// Who the person of a claim is, or the outcome of not finding them.
    pub(crate) async fn resolve(
        &self,
        round: &Round<'_>,
        claim: &Claimed,
    ) -> Result<DingUser, Outcome> {
        let person = match &claim.person {
            Some(person) if !person.active => {
                return Err(Outcome::Unwanted("the person is disabled"));
            }
            Some(person) => person,
            None => return Err(Outcome::NoHandle),
        };
        let Some(handle) = person.handle() else { return Err(Outcome::NoHandle) };
        let Some(place) = self.0.get(&claim.user) else { return Err(Outcome::NotTried) };
        let found = place.get_or_init(|| resolve_person(round, person, handle)).await;
        found.clone().map_err(|setback| match setback {
            Setback::NotTried => Outcome::NotTried,
            Setback::Trouble(trouble) => Outcome::Lookup(trouble),
        })
    }
}

async fn resolve_person(
    round: &Round<'_>,
    person: &Person,
    handle: Handle,
) -> Result<DingUser, Setback> {
    let dingtalk = &round.ctx.dingtalk;
    let userid = match handle {
        Handle::UserId(userid) => userid,
        Handle::Mobile(mobile) => {
            let mobile = &mobile;
            let ask =
                |access: Access| async move { dingtalk.find_by_mobile(&access, mobile).await };
            round.call(Api::FindByMobile, ask).await?
        }
    };
    let unionid = {
        let userid = &userid;
        let ask = |access: Access| async move { dingtalk.show_user(&access, userid).await };
        round.call(Api::ShowUser, ask).await?
    };
    let user = DingUser { userid, unionid };
    let remembered = async {
        let conn = round.ctx.db.connection().await?;
        people::save_ding_user(&conn, round.tenant, person, &user).await?;
        Ok::<(), crate::error::Error>(())
    };
    if let Err(error) = remembered.await {
        // Looked up again next time; that is all.
        tracing::debug!(user = %person.code, cause = %error, "a person's DingTalk ids were not stored");
    }
    Ok(user)
}
