//! For whom a task is: the people whom a drawing names, as far as they exist and may act.

use std::collections::{BTreeMap, BTreeSet};

/// Whom a task names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) users: Vec<String>,
    /// Departments, by id or code: their active people.
    pub(crate) groups: Vec<String>,
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
}

/// Who of them can act, and why not all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) users: Vec<String>,
    /// One sentence where somebody is missing.
    pub(crate) trouble: Option<String>,
}

impl Wanted {
    /// An ERP may write several in one attribute.
    pub(crate) fn of(assignee: Option<&str>, users: &[String], groups: &[String]) -> Self {
        let split = |texts: &mut dyn Iterator<Item = &str>| {
            let parts = texts.flat_map(|text| text.split([',', '，'])).map(str::trim);
            let mut seen = BTreeSet::new();
            parts
                .filter(|part| !part.is_empty() && seen.insert((*part).to_owned()))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        Self {
            users: split(&mut assignee.into_iter().chain(users.iter().map(String::as_str))),
            groups: split(&mut groups.iter().map(String::as_str)),
        }
    }

    /// What of it nobody has looked up yet.
    pub(crate) fn unknown_to(&self, people: &People) -> Wanted {
        let user = |code: &&String| !people.users.contains_key(*code);
        let group = |code: &&String| !people.is_unasked && !people.groups.contains_key(*code);
        Wanted {
            users: self.users.iter().filter(user).cloned().collect(),
            groups: self.groups.iter().filter(group).cloned().collect(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty()
    }

    pub(crate) fn add(&mut self, other: Wanted) {
        for code in other.users {
            if !self.users.contains(&code) {
                self.users.push(code);
            }
        }
        for code in other.groups {
            if !self.groups.contains(&code) {
                self.groups.push(code);
            }
        }
    }
}

impl People {
    /// Who of `wanted` can act. Whoever cannot is named: a stuck task shows why.
    pub(crate) fn choose(&self, wanted: &Wanted) -> Chosen {
        let (mut users, mut troubles) = (Vec::new(), Vec::new());
        for code in &wanted.users {
            match self.users.get(code) {
                Some(Presence::Active) => users.push(code.clone()),
                Some(Presence::Disabled) => troubles.push(format!("用户 {code} 已停用")),
                Some(Presence::Missing) => troubles.push(format!("用户 {code} 不存在")),
                Some(Presence::Unasked) | None => {
                    troubles.push(format!("暂时无法确认用户 {code} 是否存在"));
                }
            }
        }
        for code in &wanted.groups {
            match self.groups.get(code) {
                Some(Some(members)) if members.is_empty() => {
                    troubles.push(format!("部门 {code} 没有可用的成员"));
                }
                Some(Some(members)) => {
                    for member in members {
                        if !users.contains(member) {
                            users.push(member.clone());
                        }
                    }
                }
                Some(None) => troubles.push(format!("部门 {code} 不存在")),
                None => troubles.push(format!("暂时无法确认部门 {code} 的成员")),
            }
        }
        if wanted.is_empty() {
            troubles.push("没有指定处理人".to_owned());
        }
        Chosen { users, trouble: (!troubles.is_empty()).then(|| troubles.join("；")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> People {
        People {
            users: [
                ("A".to_owned(), Presence::Active),
                ("B".to_owned(), Presence::Disabled),
                ("C".to_owned(), Presence::Missing),
            ]
            .into(),
            groups: [
                ("D1".to_owned(), Some(vec!["A".to_owned(), "E".to_owned()])),
                ("D2".to_owned(), None),
            ]
            .into(),
            is_unasked: false,
        }
    }

    #[test]
    fn whoever_can_act_gets_the_task_once_and_the_others_are_named() {
        let wanted =
            Wanted::of(Some("A, B"), &["C".to_owned()], &["D1".to_owned(), "D2".to_owned()]);
        let chosen = people().choose(&wanted);

        assert_eq!(chosen.users, ["A", "E"]);
        assert_eq!(chosen.trouble.unwrap(), "用户 B 已停用；用户 C 不存在；部门 D2 不存在");
    }

    #[test]
    fn a_task_for_nobody_says_so() {
        let chosen = people().choose(&Wanted::of(None, &[], &[]));

        assert_eq!((chosen.users.len(), chosen.trouble.is_some()), (0, true));
        assert!(people().choose(&Wanted::of(Some("A"), &[], &[])).trouble.is_none());
    }
}
