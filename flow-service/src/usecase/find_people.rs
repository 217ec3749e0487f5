//! Who can act: from memory, from our copy, and where both do not know somebody, from sync-service.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use shared::contract::directory::FindPeople;
use shared::db::{Conn, QueryResult};
use shared::id::Tenant;

use super::Ctx;
use crate::domain::people::{People, Presence, Wanted};
use crate::error::Error;
use crate::store::people;

/// What is remembered for a moment; cheap to clone.
#[derive(Clone)]
pub(crate) struct Known {
    users: Cache<(Tenant, String), bool>,
    groups: Cache<(Tenant, String), Arc<Vec<String>>>,
}

impl Known {
    pub(crate) fn new() -> Self {
        let moment = Duration::from_secs(10);
        Self {
            users: Cache::builder().max_capacity(200_000).time_to_live(moment).build(),
            groups: Cache::builder().max_capacity(10_000).time_to_live(moment).build(),
        }
    }

    /// Remembers what our copy says of these people, with one question for all.
    pub(crate) async fn warm(&self, conn: &Conn, named: Vec<(&Tenant, String)>) -> QueryResult<()> {
        let mut asked = BTreeSet::new();
        for (tenant, code) in named {
            if self.users.get(&(tenant.clone(), code.clone())).await.is_none() {
                asked.insert((tenant.as_str(), code));
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let pairs: Vec<(&str, &str)> =
            asked.iter().map(|(tenant, code)| (*tenant, code.as_str())).collect();
        for ((tenant, code), active) in people::list(conn, &pairs).await? {
            self.users.insert((Tenant::stored(tenant), code), active).await;
        }
        Ok(())
    }

    /// Adds to `known` what memory and our copy say of `wanted`.
    pub(crate) async fn look_up(
        &self,
        conn: &Conn,
        tenant: &Tenant,
        wanted: &Wanted,
        known: &mut People,
    ) -> QueryResult<()> {
        let mut asked = Vec::new();
        for code in wanted.unknown_to(known).users {
            match self.users.get(&(tenant.clone(), code.clone())).await {
                Some(active) => {
                    known.users.insert(code, presence(active));
                }
                None => asked.push(code),
            }
        }
        for code in wanted.unknown_to(known).groups {
            if let Some(members) = self.groups.get(&(tenant.clone(), code.clone())).await {
                known.groups.insert(code, Some(members.to_vec()));
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let pairs: Vec<(&str, &str)> =
            asked.iter().map(|code| (tenant.as_str(), code.as_str())).collect();
        for ((_, code), active) in people::list(conn, &pairs).await? {
            self.users.insert((tenant.clone(), code.clone()), active).await;
            known.users.insert(code, presence(active));
        }
        Ok(())
    }

    /// Forgets what was remembered of somebody.
    pub(crate) async fn forget(&self, tenant: &str, code: &str) {
        self.users.invalidate(&(Tenant::stored(tenant), code.to_owned())).await;
    }
}

fn presence(active: bool) -> Presence {
    if active { Presence::Active } else { Presence::Disabled }
}

/// Asks sync-service; what it says becomes our copy. Nobody answers = `Unasked`. Never inside a
/// transaction, and with no connection in hand.
pub(crate) async fn ask_people(
    ctx: &Ctx,
    tenant: &Tenant,
    wanted: &Wanted,
) -> Result<People, Error> {
    let mut known = People::default();
    let question = FindPeople {
        users: wanted.users.clone(),
        departments: wanted.groups.clone(),
        ..FindPeople::default()
    };
    let found = match ctx.directory.find(tenant, &question).await {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(cause = shared::fault::chain(&error), "sync-service did not answer");
            let unasked = wanted.users.iter().map(|code| (code.clone(), Presence::Unasked));
            return Ok(People { users: unasked.collect(), is_unasked: true, ..known });
        }
    };
    let conn = ctx.db.connection().await?;
    let rows: Vec<_> = found.people.iter().map(|person| (tenant.as_str(), person)).collect();
    people::save_all(&conn, &rows).await?;
    drop(conn);
    for code in &wanted.users {
        known.users.insert(code.clone(), Presence::Missing);
    }
    let mut active = BTreeSet::new();
    for person in found.people {
        if person.active {
            active.insert(person.user_code.clone());
        }
        ctx.known.users.insert((tenant.clone(), person.user_code.clone()), person.active).await;
        if let Some(place) = known.users.get_mut(&person.user_code) {
            *place = presence(person.active);
        }
    }
    for code in &wanted.groups {
        known.groups.insert(code.clone(), None);
    }
    for members in found.departments {
        let users: Vec<String> =
            members.users.into_iter().filter(|code| active.contains(code)).collect();
        let place = (tenant.clone(), members.department.clone());
        ctx.known.groups.insert(place, Arc::new(users.clone())).await;
        known.groups.insert(members.department, Some(users));
    }
    Ok(known)
}

/// Passes a person of the enterprise; anybody else is UNKNOWN_REFERENCE.
pub(crate) async fn check_person(
    ctx: &Ctx,
    tenant: &Tenant,
    field: &'static str,
    code: &str,
) -> Result<(), Error> {
    let wanted = Wanted { users: vec![code.to_owned()], ..Wanted::default() };
    let mut known = People::default();
    let conn = ctx.db.connection().await?;
    ctx.known.look_up(&conn, tenant, &wanted, &mut known).await?;
    drop(conn);
    if known.users.is_empty() {
        known = ask_people(ctx, tenant, &wanted).await?;
    }
    match known.users.get(code) {
        Some(Presence::Active) => Ok(()),
        Some(Presence::Disabled) => Err(Error::DisabledPerson { field, code: code.to_owned() }),
        Some(Presence::Missing) | None => {
            Err(Error::UnknownPerson { field, code: code.to_owned() })
        }
        Some(Presence::Unasked) => Err(Error::NobodyToAsk),
    }
}
