//! A person: department, superior, kind, enabled or not.

use std::collections::{BTreeMap, BTreeSet};

use shared::patch::Patch;

use super::batch::{Batch, Judged, Refused, Row, judge, order_of};

/// A person of one enterprise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) code: String,
    pub(crate) user_name: String,
    pub(crate) real_name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) mobile: Option<String>,
    pub(crate) dept_id: String,
    pub(crate) personnel_type: i16,
    pub(crate) supervisor: Option<String>,
    pub(crate) active: bool,
    pub(crate) dingtalk_user_id: Option<String>,
    pub(crate) dingtalk_mobile: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) roles: Vec<String>,
}

/// What a delivery says about a person; absent keeps the stored value.
#[derive(Clone, Debug)]
pub(crate) struct Proposal {
    pub(crate) code: String,
    pub(crate) user_name: String,
    pub(crate) real_name: Patch<String>,
    pub(crate) email: Patch<String>,
    pub(crate) mobile: Patch<String>,
    pub(crate) dept_id: String,
    pub(crate) personnel_type: Option<i16>,
    pub(crate) supervisor: Patch<String>,
    pub(crate) active: Option<bool>,
    pub(crate) title: Patch<String>,
    pub(crate) roles: Patch<Vec<String>>,
}

/// Codes that mean the system itself and are never a person of an ERP.
const RESERVED: [&str; 4] = ["admin", "system", "root", "legacy-system"];

/// Why a row does not fit.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("用户编码 {0} 为系统保留编码")]
    Reserved(String),
    #[error("部门 {0} 不存在")]
    DepartmentMissing(String),
    #[error("直接上级 {0} 不存在")]
    SupervisorMissing(String),
    #[error("用户 {0} 的上级关系成环")]
    Cycle(String),
    #[error("手机号已被用户 {0} 使用")]
    MobileTaken(String),
}

impl Refused for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Refusal::Reserved(_) => "RESERVED_ID",
            Refusal::DepartmentMissing(_) => "DEPT_NOT_FOUND",
            Refusal::SupervisorMissing(_) => "SUPERVISOR_NOT_FOUND",
            Refusal::Cycle(_) => "CYCLE",
            Refusal::MobileTaken(_) => "DUPLICATE_MOBILE",
        }
    }
}

/// The people a delivery touches: those named, everybody above them, holders of the same mobiles.
#[derive(Debug, Default)]
pub(crate) struct Staff {
    users: BTreeMap<String, User>,
    departments: BTreeSet<String>,
    holders: BTreeMap<String, String>,
}

impl Staff {
    pub(crate) fn new(users: Vec<User>, departments: BTreeSet<String>) -> Self {
        let mut staff = Self { departments, ..Self::default() };
        for user in users {
            staff.insert(user);
        }
        staff
    }

    fn insert(&mut self, user: User) {
        if let Some(old) = self.users.get(&user.code).and_then(|old| old.mobile.clone())
            && self.holders.get(&old) == Some(&user.code)
        {
            self.holders.remove(&old);
        }
        if let (Some(mobile), true) = (&user.mobile, user.active) {
            self.holders.insert(mobile.clone(), user.code.clone());
        }
        self.users.insert(user.code.clone(), user);
    }

    /// Judges the rows one by one: a bad one does not stop the others (E 2.2).
    pub(crate) fn absorb(mut self, rows: Vec<Row<Proposal>>, any_order: bool) -> Batch<User> {
        let order = order_of(
            &rows,
            any_order,
            |row| &row.code,
            |row| match &row.supervisor {
                Patch::Set(supervisor) => Some(supervisor.as_str()),
                Patch::Keep | Patch::Clear => None,
            },
        );
        let Judged { changed, successes, failures } =
            judge(rows, order, |row| &row.code, |row| self.put(row));
        let changed = changed.into_iter().filter_map(|code| self.users.remove(&code)).collect();
        Batch { changed, successes, failures, warnings: Vec::new() }
    }

    /// Places one person; whether that changed anything.
    fn put(&mut self, proposal: Proposal) -> Result<bool, Refusal> {
        if RESERVED.contains(&proposal.code.as_str()) {
            return Err(Refusal::Reserved(proposal.code));
        }
        if !self.departments.contains(&proposal.dept_id) {
            return Err(Refusal::DepartmentMissing(proposal.dept_id));
        }
        let stored = self.users.get(&proposal.code).cloned();
        let of = |part: fn(&User) -> &Option<String>| {
            stored.as_ref().and_then(|stored| part(stored).clone())
        };
        let user = User {
            real_name: proposal.real_name.over(of(|user| &user.real_name)),
            email: proposal.email.over(of(|user| &user.email)),
            mobile: proposal.mobile.over(of(|user| &user.mobile)),
            supervisor: proposal.supervisor.over(of(|user| &user.supervisor)),
            dingtalk_user_id: of(|user| &user.dingtalk_user_id),
            dingtalk_mobile: of(|user| &user.dingtalk_mobile),
            title: proposal.title.over(of(|user| &user.title)),
            roles: proposal
                .roles
                .over(stored.as_ref().map(|stored| stored.roles.clone()))
                .unwrap_or_default(),
            personnel_type: proposal
                .personnel_type
                .or(stored.as_ref().map(|stored| stored.personnel_type))
                .unwrap_or(1),
            active: proposal.active.or(stored.as_ref().map(|stored| stored.active)).unwrap_or(true),
            code: proposal.code,
            user_name: proposal.user_name,
            dept_id: proposal.dept_id,
        };
        if stored.as_ref() == Some(&user) {
            return Ok(false);
        }
        self.check_supervisor(&user)?;
        self.check_mobile(&user)?;
        self.insert(user);
        Ok(true)
    }

    fn check_supervisor(&self, user: &User) -> Result<(), Refusal> {
        let mut above = user.supervisor.as_deref();
        for _ in 0..=self.users.len() {
            match above {
                None => return Ok(()),
                Some(above) if above == user.code => return Err(Refusal::Cycle(user.code.clone())),
                Some(code) => match self.users.get(code) {
                    Some(supervisor) => above = supervisor.supervisor.as_deref(),
                    None => return Err(Refusal::SupervisorMissing(code.to_owned())),
                },
            }
        }
        Err(Refusal::Cycle(user.code.clone()))
    }

    /// One mobile names one active person: DingTalk and sign-in find people by it.
    fn check_mobile(&self, user: &User) -> Result<(), Refusal> {
        let holder = user
            .mobile
            .as_ref()
            .filter(|_| user.active)
            .and_then(|mobile| self.holders.get(mobile));
        match holder {
            Some(holder) if *holder != user.code => Err(Refusal::MobileTaken(holder.clone())),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(code: &str) -> Proposal {
        Proposal {
            code: code.to_owned(),
            user_name: code.to_owned(),
            real_name: Patch::Keep,
            email: Patch::Keep,
            mobile: Patch::Keep,
            dept_id: "D".to_owned(),
            personnel_type: None,
            supervisor: Patch::Keep,
            active: None,
            title: Patch::Keep,
            roles: Patch::Keep,
        }
    }

    fn under(code: &str, supervisor: &str) -> Proposal {
        Proposal { supervisor: Patch::Set(supervisor.to_owned()), ..row(code) }
    }

    fn staff(users: Vec<User>) -> Staff {
        Staff::new(users, BTreeSet::from(["D".to_owned()]))
    }

    fn absorb(rows: Vec<Proposal>, any_order: bool) -> Batch<User> {
        staff(Vec::new()).absorb(rows.into_iter().map(Ok).collect(), any_order)
    }

    fn codes(batch: &Batch<User>) -> Vec<(usize, &str)> {
        batch.failures.iter().map(|failure| (failure.index, failure.code)).collect()
    }

    #[test]
    fn each_reason_has_its_code() {
        let elsewhere = Proposal { dept_id: "NOPE".to_owned(), ..row("U1") };
        let rows = vec![elsewhere, under("U2", "nobody"), under("U3", "U3"), row("admin")];

        let batch = absorb(rows, false);

        assert_eq!(
            codes(&batch),
            [(0, "DEPT_NOT_FOUND"), (1, "SUPERVISOR_NOT_FOUND"), (2, "CYCLE"), (3, "RESERVED_ID")]
        );
    }

    #[test]
    fn supervisors_in_a_circle_are_refused() {
        let stored = absorb(vec![row("A"), under("B", "A")], false).changed;

        let batch = staff(stored).absorb(vec![Ok(under("A", "B"))], false);

        assert_eq!(codes(&batch), [(0, "CYCLE")]);
    }

    #[test]
    fn people_may_come_before_their_supervisors_when_asked_for() {
        assert_eq!(absorb(vec![under("A", "B"), row("B")], false).successes, 1);
        assert_eq!(absorb(vec![under("A", "B"), row("B")], true).successes, 2);
    }

    #[test]
    fn a_mobile_belongs_to_one_active_person() {
        let with = |code: &str, active| Proposal {
            mobile: Patch::Set("13800138000".to_owned()),
            active: Some(active),
            ..row(code)
        };

        assert_eq!(
            codes(&absorb(vec![with("A", true), with("B", true)], false)),
            [(1, "DUPLICATE_MOBILE")]
        );
        assert_eq!(absorb(vec![with("A", false), with("B", true)], false).successes, 2);
        let moved =
            vec![with("A", true), Proposal { mobile: Patch::Clear, ..row("A") }, with("B", true)];
        assert_eq!(absorb(moved, false).successes, 3);
    }
}
