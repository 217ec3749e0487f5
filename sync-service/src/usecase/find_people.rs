//! Tells another service who people are and who is in a department.

use shared::contract::directory::{FindPeople, FoundPeople};
use shared::id::Tenant;

use super::Ctx;
use crate::error::Error;
use crate::store::found;

/// Members told of one department at most.
const MOST_MEMBERS: i64 = 1_000;

/// Whoever is not in the answer does not exist.
pub(crate) async fn find_people(
    ctx: &Ctx,
    tenant: &Tenant,
    wanted: FindPeople,
) -> Result<FoundPeople, Error> {
    let conn = ctx.db.connection().await?;
    let mut people = found::list_people(&conn, tenant, wanted.users).await?;
    if wanted.departments.is_empty() {
        return Ok(FoundPeople { people, departments: Vec::new(), ..FoundPeople::default() });
    }
    let departments = found::list_members(&conn, tenant, wanted.departments, MOST_MEMBERS).await?;
    let known = |code: &String| people.iter().any(|person| person.user_code == *code);
    let members = departments.iter().flat_map(|department| &department.users);
    let others: Vec<String> = members.filter(|code| !known(code)).cloned().collect();
    if !others.is_empty() {
        people.extend(found::list_people(&conn, tenant, others).await?);
    }
    Ok(FoundPeople { people, departments, ..FoundPeople::default() })
}
