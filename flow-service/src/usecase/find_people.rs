//! Who can act: from memory, from our copy, and where both do not know somebody, from sync-service.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use moka::future::Cache;
use shared::contract::directory::{FindPeople, FoundPeople, Person};
use shared::db::{Conn, QueryResult};
use shared::fault::FieldError;
use shared::id::Tenant;

use super::Ctx;
use crate::domain::absence::{self, Current};
use crate::domain::directory::{Department, Profile};
use crate::domain::people::{People, Presence, Wanted};
use crate::domain::stand_in;
use crate::error::Error;
use crate::store::{absences, departments, people};

/// Looks into our copy for one choice at most: what one finds may need another.
const MOST_LOOKS: usize = 4;

/// What is remembered for a moment; cheap to clone.
#[derive(Clone)]
pub(crate) struct Known {
    users: Cache<(Tenant, String), bool>,
    groups: Cache<(Tenant, String), Arc<Vec<String>>>,
    /// Departments for which the ERP names nobody, and who may lead them.
    heads: Cache<(Tenant, String), Arc<Vec<String>>>,
    roles: Cache<(Tenant, String), Arc<Vec<String>>>,
    /// Who is away now.
    absences: Cache<Tenant, Arc<Away>>,
}

/// Who acts for whom.
pub(crate) type Agents = Arc<BTreeMap<String, String>>;

/// Who is away in an enterprise.
struct Away {
    current: Vec<Current>,
    /// What that means for the flows that were asked for.
    flows: Mutex<HashMap<String, Agents>>,
}

impl Away {
    fn agents(&self, flow: &str) -> Agents {
        if self.current.is_empty() {
            return Agents::default();
        }
        let mut flows = self.flows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = flows.get(flow) {
            return known.clone();
        }
        let agents = Agents::new(absence::agents(&self.current, flow));
        flows.insert(flow.to_owned(), agents.clone());
        agents
    }
}

impl Known {
    pub(crate) fn new() -> Self {
        let moment = Duration::from_secs(10);
        let lists = || Cache::builder().max_capacity(10_000).time_to_live(moment).build();
        Self {
            users: Cache::builder().max_capacity(200_000).time_to_live(moment).build(),
            groups: lists(),
            heads: lists(),
            roles: lists(),
            absences: Cache::builder()
                .max_capacity(10_000)
                .time_to_live(Duration::from_secs(5))
                .build(),
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
        for role in wanted.unknown_to(known).roles {
            if let Some(people) = self.roles.get(&(tenant.clone(), role.clone())).await {
                known.roles.insert(role, people.to_vec());
            }
        }
        self.look_around(conn, tenant, wanted, known).await?;
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

    /// Looks into memory and our copy for whatever `want` needs, and gives what only sync-service
    /// knows: hand that to [`ask_people`], with no connection in hand, and add its answer.
    pub(crate) async fn prepare(
        &self,
        conn: &Conn,
        tenant: &Tenant,
        want: impl Fn(&People) -> Wanted,
        known: &mut People,
    ) -> QueryResult<Wanted> {
        let mut wanted = want(known);
        for _ in 0..MOST_LOOKS {
            if wanted.is_empty() {
                break;
            }
            self.look_up(conn, tenant, &wanted, known).await?;
            let left = want(known);
            if left == wanted {
                break;
            }
            wanted = left;
        }
        Ok(wanted)
    }

    /// Adds what our copy says of the surroundings of people and of departments.
    async fn look_around(
        &self,
        conn: &Conn,
        tenant: &Tenant,
        wanted: &Wanted,
        known: &mut People,
    ) -> QueryResult<()> {
        let Wanted { around, leading, .. } = wanted.unknown_to(known);
        if around.is_empty() && leading.is_empty() {
            return Ok(());
        }
        let mut found: BTreeMap<String, Profile> =
            people::list_above(conn, tenant, around.clone()).await?.into_iter().collect();
        let of = |code: &String| found.get(code).map(|profile| profile.dept.clone());
        let named = around.iter().filter_map(of).chain(leading).collect();
        let departments = departments::list_above(conn, tenant, named).await?;
        let mut leaders: Vec<String> = Vec::new();
        for department in &departments {
            leaders.extend(department.managers.iter().cloned());
            let place = (tenant.clone(), department.id.clone());
            if let Some(heads) = self.heads.get(&place).await {
                leaders.extend(heads.iter().cloned());
                known.heads.insert(department.id.clone(), heads.to_vec());
            }
        }
        leaders.retain(|code| !found.contains_key(code));
        if !leaders.is_empty() {
            found.extend(people::list_above(conn, tenant, leaders).await?);
        }
        for (code, profile) in found {
            known.note(code, profile);
        }
        let by_id = |department: Department| (department.id.clone(), department);
        known.departments.extend(departments.into_iter().map(by_id));
        Ok(())
    }

    /// Remembers what sync-service said and our copy does not keep.
    async fn remember(&self, tenant: &Tenant, known: &People) {
        for (code, presence) in &known.users {
            let active = *presence == Presence::Active;
            if active || *presence == Presence::Disabled {
                self.users.insert((tenant.clone(), code.clone()), active).await;
            }
        }
        let groups = known.groups.iter().filter_map(|(name, users)| Some((name, users.as_ref()?)));
        let lists = groups.map(|list| (&self.groups, list));
        let lists = lists.chain(known.heads.iter().map(|list| (&self.heads, list)));
        let lists = lists.chain(known.roles.iter().map(|list| (&self.roles, list)));
        for (cache, (name, users)) in lists {
            cache.insert((tenant.clone(), name.clone()), Arc::new(users.clone())).await;
        }
    }

    /// Who acts for whom at this moment in orders of a flow: of the one that was started, also for
    /// what it called.
    pub(crate) async fn agents(
        &self,
        conn: &Conn,
        tenant: &Tenant,
        flow: &str,
        now: DateTime<Utc>,
    ) -> QueryResult<Agents> {
        if let Some(away) = self.absences.get(tenant).await {
            return Ok(away.agents(flow));
        }
        let current = absences::list_current(conn, tenant, now).await?;
        let away = Arc::new(Away { current, flows: Mutex::default() });
        self.absences.insert(tenant.clone(), away.clone()).await;
        Ok(away.agents(flow))
    }

    /// Forgets who is away.
    pub(crate) async fn forget_absences(&self, tenant: &Tenant) {
        self.absences.invalidate(tenant).await;
    }

    /// Forgets what was remembered of somebody.
    pub(crate) async fn forget(&self, tenant: &str, code: &str) {
        self.users.invalidate(&(Tenant::stored(tenant), code.to_owned())).await;
    }
}

/// What is known of these people and those above them, and of the `named`; what our copy does not
/// know sync-service is asked for, once. Where that does not answer, what we know must do.
pub(super) async fn find_above(
    ctx: &Ctx,
    tenant: &Tenant,
    of: &[String],
    named: Vec<String>,
) -> Result<People, Error> {
    let want = |known: &People| {
        let mut wanted = stand_in::wanted_superiors(known, of);
        wanted.add(Wanted { users: named.clone(), ..Wanted::default() }.unknown_to(known));
        wanted
    };
    let mut known = People::default();
    let conn = ctx.db.connection().await?;
    let left = ctx.known.prepare(&conn, tenant, want, &mut known).await?;
    drop(conn);
    if !left.is_empty() {
        known.add(ask_people(ctx, tenant, &left).await?);
    }
    Ok(known)
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
    let question = FindPeople {
        users: wanted.users.clone(),
        departments: wanted.groups.clone(),
        around: wanted.around.clone(),
        roles: wanted.roles.clone(),
        leading: wanted.leading.clone(),
    };
    let found = match ctx.directory.find(tenant, &question).await {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(cause = shared::fault::chain(&error), "sync-service did not answer");
            let unasked = wanted.users.iter().map(|code| (code.clone(), Presence::Unasked));
            let users = unasked.collect();
            return Ok(People { users, is_unasked: true, ..People::default() });
        }
    };
    let conn = ctx.db.connection().await?;
    let rows: Vec<_> = found.people.iter().map(|person| (tenant.as_str(), person)).collect();
    people::save_all(&conn, &rows).await?;
    let rows: Vec<_> = found.around.iter().map(|it| (tenant.as_str(), it)).collect();
    departments::save_all(&conn, &rows).await?;
    drop(conn);
    let known = understand(wanted, found);
    ctx.known.remember(tenant, &known).await;
    Ok(known)
}

/// What an answer of sync-service says: whoever was asked for and is not in it does not exist.
fn understand(wanted: &Wanted, found: FoundPeople) -> People {
    let mut known = People::default();
    let missing = wanted.users.iter().chain(&wanted.around);
    known.users = missing.map(|code| (code.clone(), Presence::Missing)).collect();
    known.groups = wanted.groups.iter().map(|name| (name.clone(), None)).collect();
    known.roles = wanted.roles.iter().map(|role| (role.clone(), Vec::new())).collect();
    known.around = wanted.around.iter().cloned().collect();
    known.leading = wanted.leading.iter().cloned().collect();
    let mut active = BTreeSet::new();
    for person in found.people {
        if person.active {
            active.insert(person.user_code.clone());
            for (role, people) in &mut known.roles {
                if person.roles.contains(role) {
                    people.push(person.user_code.clone());
                }
            }
        }
        known.users.insert(person.user_code.clone(), presence(person.active));
        // Without a department it comes from an older release.
        if !person.dept_id.is_empty() {
            known.profiles.insert(person.user_code.clone(), profile(person));
        }
    }
    for members in found.departments {
        let users = members.users.into_iter().filter(|code| active.contains(code));
        known.groups.insert(members.department, Some(users.collect()));
    }
    for department in found.around {
        let shared::contract::directory::Department {
            dept_id: id,
            dept_code: code,
            name,
            parent_id: parent,
            managers,
            ..
        } = department;
        known.departments.insert(id.clone(), Department { id, code, name, parent, managers });
    }
    known.heads.extend(found.heads.into_iter().map(|heads| (heads.department, heads.users)));
    known
}

fn profile(person: Person) -> Profile {
    let Person { name, dept_id: dept, supervisor, title, active, .. } = person;
    Profile { name, dept, supervisor, title, active }
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

/// Passes people of the enterprise who may act; whoever may not is named.
pub(crate) async fn find_active(
    ctx: &Ctx,
    tenant: &Tenant,
    field: &'static str,
    codes: &[String],
) -> Result<(), Error> {
    let wanted = Wanted { users: codes.to_vec(), ..Wanted::default() };
    let mut known = People::default();
    let conn = ctx.db.connection().await?;
    ctx.known.look_up(&conn, tenant, &wanted, &mut known).await?;
    drop(conn);
    let unknown = wanted.unknown_to(&known);
    if !unknown.is_empty() {
        known.add(ask_people(ctx, tenant, &unknown).await?);
    }
    let mut missing = Vec::new();
    for code in codes {
        match known.users.get(code) {
            Some(Presence::Active) => {}
            Some(Presence::Disabled) => {
                return Err(Error::DisabledPerson { field, code: code.clone() });
            }
            Some(Presence::Unasked) => return Err(Error::NobodyToAsk),
            Some(Presence::Missing) | None => {
                missing.push(FieldError::reference(field, format!("用户 {code} 不存在")));
            }
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(Error::UnknownPeople(missing)) }
}
