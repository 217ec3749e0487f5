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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
}

impl Event for PeopleChanged {
    const TOPIC: &'static str = "directory.changed";

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

pub(super) fn entry() -> Entry {
    let person = Person {
        user_code: "USER002".into(),
        name: "李四".into(),
        mobile: Some("13800138001".into()),
        dingtalk_user_id: None,
        active: true,
        revision: 7,
    };
    let example = PeopleChanged { tenant: "COMPANY001".into(), people: vec![person] };
    Entry {
        topic: PeopleChanged::TOPIC,
        publisher: "sync-service",
        consumers: "task-service, notify-service",
        meaning: "People of an enterprise changed; at most 200 in one event.",
        example: serde_json::to_value(example).unwrap_or_default(),
    }
}
