//! Tells another service who people are and who is in a department.

use shared::contract::directory::{FindPeople, FoundPeople};
use shared::id::Tenant;

use super::Ctx;
use crate::error::Error;
use crate::store::found;

/// Members told of one department, or people of one role, at most.
const MOST_MEMBERS: i64 = 1_000;

/// Whoever is not in the answer does not exist.
pub(crate) async fn find_people(
    ctx: &Ctx,
    tenant: &Tenant,
    wanted: FindPeople,
) -> Result<FoundPeople, Error> {
    let FindPeople { users, departments: named, around, roles, leading } = wanted;
    let conn = ctx.db.connection().await?;
    let mut answer = FoundPeople::default();
    let mut codes = users;
    if !named.is_empty() {
        answer.departments = found::list_members(&conn, tenant, named, MOST_MEMBERS).await?;
        codes.extend(answer.departments.iter().flat_map(|members| members.users.clone()));
    }
    if !roles.is_empty() {
        codes.extend(found::list_in_roles(&conn, tenant, roles, MOST_MEMBERS).await?);
    }
    if !around.is_empty() || !leading.is_empty() {
        let departments = found::list_departments(&conn, tenant, around.clone(), leading).await?;
        let silent = departments.iter().filter(|it| it.managers.is_empty());
        let silent: Vec<String> = silent.map(|it| it.dept_id.clone()).collect();
        answer.heads = match silent.is_empty() {
            true => Vec::new(),
            false => found::list_heads(&conn, tenant, silent).await?,
        };
        let mut near = around;
        near.extend(departments.iter().flat_map(|department| department.managers.clone()));
        near.extend(answer.heads.iter().flat_map(|heads| heads.users.clone()));
        // A leader who is disabled is stood in for by a superior.
        codes.extend(found::list_above(&conn, tenant, near).await?);
        answer.around = departments;
    }
    codes.sort_unstable();
    codes.dedup();
    answer.people = found::list_people(&conn, tenant, codes).await?;
    Ok(answer)
}
