//! What sync-service tells: people changed.

use serde::{Deserialize, Serialize};

use super::{Entry, Event};

/// People were added, changed, bound, enabled or disabled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PeopleChanged {
    /// The enterprise's code.
    pub tenant: String,
    /// The state of each person after the change.
    pub people: Vec<Person>,
}

/// One person as others need to know them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// The ERP's user code.
    pub user_code: String,
    /// The name to show.
    pub name: String,
    /// How DingTalk finds the person when no binding says it.
    pub mobile: Option<String>,
    /// The bound DingTalk user id.
    pub dingtalk_user_id: Option<String>,
    /// Whether the person may still act and be pushed.
    pub active: bool,
    /// Rises with every change of the person: an older fact changes nothing.
    pub revision: i64,
    /// Their department, by id; empty in facts of older releases.
    #[serde(default)]
    pub dept_id: String,
    /// Their direct supervisor, by user code.
    #[serde(default)]
    pub supervisor: Option<String>,
    /// Their job title, such as `总监`.
    #[serde(default)]
    pub title: Option<String>,
    /// Their roles, such as `finance`.
    #[serde(default)]
    pub roles: Vec<String>,
}

impl Event for PeopleChanged {
    const TOPIC: &'static str = "directory.changed";

    fn key(&self) -> String {
        self.tenant.clone()
    }
}

/// Departments were added or changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DepartmentsChanged {
    /// The enterprise's code.
    pub tenant: String,
    /// The state of each department after the change.
    pub departments: Vec<Department>,
}

/// One department as others need to know it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Department {
    /// The ERP's id.
    pub dept_id: String,
    /// The ERP's code, where it has one.
    pub dept_code: Option<String>,
    /// The name to show.
    pub name: String,
    /// The department above, by id; absent for a root.
    pub parent_id: Option<String>,
    /// Those who lead it, by user code, in the ERP's order; empty where the ERP does not say.
    pub managers: Vec<String>,
    /// Whether it is in use.
    pub active: bool,
    /// Rises with every change of the department: an older fact changes nothing.
    pub revision: i64,
}

impl Event for DepartmentsChanged {
    const TOPIC: &'static str = "department.changed";

    fn key(&self) -> String {
        self.tenant.clone()
    }
}

/// Codes to look up; asked of sync-service, never announced.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Resolve {
    /// User codes.
    pub users: Vec<String>,
    /// Department ids or codes.
    pub departments: Vec<String>,
}

/// Those that name nothing in this enterprise.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Unknown {
    /// User codes.
    pub users: Vec<String>,
    /// Department ids or codes.
    pub departments: Vec<String>,
}

/// People and members of departments who are wanted; asked of sync-service, never announced.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FindPeople {
    /// User codes.
    pub users: Vec<String>,
    /// Department ids or codes whose active people are wanted.
    pub departments: Vec<String>,
    /// User codes whose surroundings are wanted: everybody above them, their departments up to the
    /// root, and those who lead these.
    #[serde(default)]
    pub around: Vec<String>,
    /// Roles whose active people are wanted.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Department ids or codes that are wanted with those above them, and those who lead these.
    #[serde(default)]
    pub leading: Vec<String>,
}

/// Those who were found; whoever is not among them does not exist.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FoundPeople {
    /// The people named and the members, each as [`PeopleChanged`] would tell them.
    pub people: Vec<Person>,
    /// One line for each department that exists.
    pub departments: Vec<Members>,
    /// The departments around those who were asked for.
    #[serde(default)]
    pub around: Vec<Department>,
    /// One line for each of them for which the ERP names nobody who leads it: its active people
    /// whose supervisor is absent or outside of it.
    #[serde(default)]
    pub heads: Vec<Members>,
}

/// The active people of a department.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Members {
    /// The department, as it was asked for.
    pub department: String,
    /// Their user codes.
    pub users: Vec<String>,
}

/// Whom somebody who signs in may be; asked of sync-service, never announced. Each part that is there
/// is looked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MatchPeople {
    /// The user code that the sign-in names.
    pub user_code: Option<String>,
    /// The user code that an earlier sign-in was bound to.
    pub bound_user_code: Option<String>,
    /// A mobile, in any usual spelling.
    pub mobile: Option<String>,
    /// An e-mail address, in any case.
    pub email: Option<String>,
    /// A DingTalk user id.
    pub dingtalk_user_id: Option<String>,
    /// A mobile known at DingTalk: a bound one counts before the person's own.
    pub dingtalk_mobile: Option<String>,
    /// A department's id or code, to be compared with the person's.
    pub department: Option<String>,
    /// Create the person named by `user_code` in `department` when nobody is found.
    pub create: Option<CreatePerson>,
}

/// A person whom a sign-in brings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatePerson {
    /// The name to show.
    pub name: String,
    /// The mobile, where it is known.
    pub mobile: Option<String>,
    /// The e-mail address, where it is known.
    pub email: Option<String>,
}

/// Who was found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Matches {
    /// One line for each person and part that names them.
    pub matches: Vec<PersonMatch>,
    /// The id of the department that was asked about, where there is one.
    pub department: Option<String>,
    /// The person was created just now.
    pub created: bool,
    /// Why the person could not be created, as a code.
    pub refused: Option<String>,
}

/// A person whom a part of the question names.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonMatch {
    /// The ERP's user code.
    pub user_code: String,
    /// The name to show.
    pub name: String,
    /// Whether the person may act.
    pub active: bool,
    /// The revision of this state, as in [`PeopleChanged`].
    pub revision: i64,
    /// The person's department.
    pub dept_id: String,
    /// Which part names them: `code`, `bound`, `mobile`, `email`, `dingtalk`, `dingtalkMobile`.
    pub by: String,
}

pub(super) fn department_entry() -> Entry {
    let department = Department {
        dept_id: "DEPT002".into(),
        dept_code: Some("DEV".into()),
        name: "开发组".into(),
        parent_id: Some("DEPT001".into()),
        managers: vec!["USER002".into()],
        active: true,
        revision: 3,
    };
    let example = DepartmentsChanged { tenant: "COMPANY001".into(), departments: vec![department] };
    Entry {
        topic: DepartmentsChanged::TOPIC,
        publisher: "sync-service",
        consumers: "flow-service",
        meaning: "Departments of an enterprise changed; at most 200 in one event.",
        example: serde_json::to_value(example).unwrap_or_default(),
    }
}

pub(super) fn entry() -> Entry {
    let person = Person {
        user_code: "USER002".into(),
        name: "李四".into(),
        mobile: Some("13800138001".into()),
        dingtalk_user_id: None,
        active: true,
        revision: 7,
        dept_id: "DEPT002".into(),
        supervisor: Some("USER001".into()),
        title: Some("总监".into()),
        roles: vec!["finance".into()],
    };
    let example = PeopleChanged { tenant: "COMPANY001".into(), people: vec![person] };
    Entry {
        topic: PeopleChanged::TOPIC,
        publisher: "sync-service",
        consumers: "sso-service, flow-service, task-service, notify-service",
        meaning: "People of an enterprise changed; at most 200 in one event.",
        example: serde_json::to_value(example).unwrap_or_default(),
    }
}
