//! For whom a task is: the people whom a drawing names, as far as they exist and may act.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::directory::{Department, Profile};

/// Whom a task names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) users: Vec<String>,
    /// Departments, by id or code: their active people.
    pub(crate) groups: Vec<String>,
    /// People whose superiors and departments are wanted, and whoever leads these.
    pub(crate) around: Vec<String>,
    /// Departments, by id or code, that are wanted with those above them and whoever leads them.
    pub(crate) leading: Vec<String>,
    /// Roles whose active people are wanted.
    pub(crate) roles: Vec<String>,
}

/// What is known of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Active,
    Disabled,
    Missing,
    /// Nobody could be asked.
    Unasked,
}

/// What is known of the people and departments that tasks name.
#[derive(Clone, Debug, Default)]
pub(crate) struct People {
    pub(crate) users: BTreeMap<String, Presence>,
    /// `None` = there is no such department.
    pub(crate) groups: BTreeMap<String, Option<Vec<String>>>,
    /// Nobody could be asked about departments.
    pub(crate) is_unasked: bool,
    pub(crate) profiles: BTreeMap<String, Profile>,
    /// By id.
    pub(crate) departments: BTreeMap<String, Department>,
    /// By department whose ERP names nobody: its active people whose superior is not in it.
    pub(crate) heads: BTreeMap<String, Vec<String>>,
    /// The active people of roles.
    pub(crate) roles: BTreeMap<String, Vec<String>>,
    /// Those whose surroundings sync-service has told: what is not here then does not exist.
    pub(crate) around: BTreeSet<String>,
    /// Those departments.
    pub(crate) leading: BTreeSet<String>,
    /// Who acts for whom; whoever calls the rules says so.
    pub(crate) agents: Arc<BTreeMap<String, String>>,
}

impl Wanted {
    /// What of it nobody has looked up yet. Once sync-service has been asked about the
    /// surroundings of somebody there is nothing more to ask; what our own copy says of them may or
    /// may not do, which the rules know.
    pub(crate) fn unknown_to(&self, people: &People) -> Wanted {
        let left = |codes: &[String], is_known: &dyn Fn(&String) -> bool| -> Vec<String> {
            codes.iter().filter(|code| !is_known(code)).cloned().collect()
        };
        let unasked = people.is_unasked;
        Wanted {
            users: left(&self.users, &|code| people.users.contains_key(code)),
            groups: left(&self.groups, &|code| unasked || people.groups.contains_key(code)),
            around: left(&self.around, &|code| unasked || people.around.contains(code)),
            leading: left(&self.leading, &|code| unasked || people.leading.contains(code)),
            roles: left(&self.roles, &|code| unasked || people.roles.contains_key(code)),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        let Wanted { users, groups, around, leading, roles } = self;
        [users, groups, around, leading, roles].iter().all(|codes| codes.is_empty())
    }

    pub(crate) fn add(&mut self, other: Wanted) {
        let Wanted { users, groups, around, leading, roles } = other;
        users.iter().for_each(|code| self.add_user(code));
        groups.iter().for_each(|code| self.add_group(code));
        around.iter().for_each(|code| self.add_around(code));
        leading.iter().for_each(|code| self.add_leading(code));
        roles.iter().for_each(|code| self.add_role(code));
    }

    pub(crate) fn add_user(&mut self, code: &str) {
        put(&mut self.users, code);
    }

    pub(crate) fn add_group(&mut self, name: &str) {
        put(&mut self.groups, name);
    }

    pub(crate) fn add_around(&mut self, code: &str) {
        put(&mut self.around, code);
    }

    pub(crate) fn add_leading(&mut self, name: &str) {
        put(&mut self.leading, name);
    }

    pub(crate) fn add_role(&mut self, name: &str) {
        put(&mut self.roles, name);
    }
}

fn put(codes: &mut Vec<String>, code: &str) {
    if !codes.iter().any(|known| known == code) {
        codes.push(code.to_owned());
    }
}

impl People {
    /// A department by its id, else by a code that only one has.
    pub(crate) fn department(&self, name: &str) -> Option<&Department> {
        let by_code = || {
            let mut of = self.departments.values().filter(|it| it.code.as_deref() == Some(name));
            of.next().filter(|_| of.next().is_none())
        };
        self.departments.get(name).or_else(by_code)
    }

    /// How a person is named to people: with their name, where it is known.
    pub(crate) fn label(&self, code: &str) -> String {
        let name = self.profiles.get(code).map(|profile| profile.name.as_str());
        match name.filter(|name| !name.is_empty() && *name != code) {
            Some(name) => format!("{name}（{code}）"),
            None => code.to_owned(),
        }
    }

    /// Takes over what another knows; where both know something, the other's counts.
    pub(crate) fn add(&mut self, other: People) {
        self.users.extend(other.users);
        self.groups.extend(other.groups);
        self.is_unasked |= other.is_unasked;
        self.profiles.extend(other.profiles);
        self.departments.extend(other.departments);
        self.heads.extend(other.heads);
        self.roles.extend(other.roles);
        self.around.extend(other.around);
        self.leading.extend(other.leading);
        if !other.agents.is_empty() {
            self.agents = other.agents;
        }
    }

    /// Notes a person with everything that rules need.
    pub(crate) fn note(&mut self, code: String, profile: Profile) {
        let presence = if profile.active { Presence::Active } else { Presence::Disabled };
        self.users.insert(code.clone(), presence);
        self.profiles.insert(code, profile);
    }
}
