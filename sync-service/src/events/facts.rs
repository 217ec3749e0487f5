//! Our people in the words of the contract.

use shared::contract::directory::{PeopleChanged, Person};
use shared::id::Tenant;

use crate::domain::user::User;

/// People in one event at most, so that none grows without bound.
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
        ..Person::default()
    };
    changed
        .chunks(PER_EVENT)
        .map(|people| PeopleChanged {
            tenant: tenant.to_string(),
            people: people.iter().map(person).collect(),
        })
        .collect()
}
