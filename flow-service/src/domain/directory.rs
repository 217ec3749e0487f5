//! The organisation as far as it is known here: people with their superiors, departments with those
//! who lead them.

/// What rules need of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) dept: String,
    pub(crate) supervisor: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) active: bool,
}

/// What rules need of a department.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Department {
    pub(crate) id: String,
    pub(crate) code: Option<String>,
    pub(crate) name: String,
    pub(crate) parent: Option<String>,
    /// Those who lead it; empty where the ERP does not say.
    pub(crate) managers: Vec<String>,
}
