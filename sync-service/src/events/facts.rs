//! Our people and departments in the words of the contract.

use shared::contract::directory::{self, DepartmentsChanged, PeopleChanged, Person};
use shared::id::Tenant;

use crate::domain::department::Department;
use crate::domain::user::User;

/// People or departments in one event at most, so that none grows without bound.
const PER_EVENT: usize = 200;

/// The changed people in as many events as needed.
pub(crate) fn people_changed(
    tenant: &Tenant,
    revision: i64,
    changed: &[User],
) -> Vec<PeopleChanged> {
    let person = |user: &User| Person {
        user_code: user.code.clone(),
        name: user.real_name.clone().unwrap_or_else(|| user.user_name.clone()),
        mobile: user.dingtalk_mobile.clone().or_else(|| user.mobile.clone()),
        dingtalk_user_id: user.dingtalk_user_id.clone(),
        active: user.active,
        revision,
        dept_id: user.dept_id.clone(),
        supervisor: user.supervisor.clone(),
        title: user.title.clone(),
        roles: user.roles.clone(),
    };
    changed
        .chunks(PER_EVENT)
        .map(|people| PeopleChanged {
            tenant: tenant.to_string(),
            people: people.iter().map(person).collect(),
        })
        .collect()
}

/// The changed departments in as many events as needed.
pub(crate) fn departments_changed(
    tenant: &Tenant,
    revision: i64,
    changed: &[Department],
) -> Vec<DepartmentsChanged> {
    let department = |department: &Department| directory::Department {
        dept_id: department.id.clone(),
        dept_code: department.code.clone(),
        name: department.name.clone(),
        parent_id: department.parent.clone(),
        managers: department.managers.clone(),
        active: department.active,
        revision,
    };
    changed
        .chunks(PER_EVENT)
        .map(|departments| DepartmentsChanged {
            tenant: tenant.to_string(),
            departments: departments.iter().map(department).collect(),
        })
        .collect()
}
