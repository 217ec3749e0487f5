//! Goes through the rules with what is known: one way for what must be looked up and for whom they
//! choose, so that the two cannot differ.

mod find;

use std::collections::BTreeSet;

use super::{Asked, Auto, Choice, Rule, TaskSpec};
use crate::domain::approval::{Mode, Pick};
use crate::domain::directory::{Department, Profile};
use crate::domain::people::{People, Presence, Wanted};
use crate::domain::policy::{Disabled, Nobody, Policy, StarterIsApprover};
use crate::domain::stand_in;

/// Superiors followed at most, and departments.
const MOST_LEVELS: u32 = 50;

pub(super) fn choose(spec: &TaskSpec, asked: &Asked<'_>, known: &People) -> (Choice, Wanted) {
    let mut resolver = Resolver::new(asked, known);
    resolver.foresee(&spec.policy);
    let mut picks = Vec::new();
    for rule in &spec.rules {
        for found in resolver.find(rule) {
            resolver.admit(&spec.policy, rule, found, &mut picks);
        }
    }
    let mut excluded = BTreeSet::new();
    let mut others = Resolver::new(asked, known);
    for rule in &spec.excluded {
        excluded.extend(others.find(rule).into_iter().map(|found| found.code));
    }
    let is_unsure = |(kind, _): &(Note, String)| *kind == Note::Unsure;
    let cannot_exclude = others.notes.iter().any(is_unsure);
    resolver.needs.add(others.needs);
    resolver.notes.extend(others.notes.into_iter().filter(is_unsure));
    let is_starters = resolver.apply_starter(spec, &mut picks);
    picks.retain(|pick| {
        let stands_for = pick.on_behalf_of.as_ref().is_some_and(|user| excluded.contains(user));
        !excluded.contains(&pick.user) && !stands_for
    });
    if cannot_exclude {
        picks.clear();
    }
    let choice = resolver.conclude(spec, picks, is_starters);
    (choice, resolver.needs)
}

pub(super) fn copies(spec: &TaskSpec, asked: &Asked<'_>, known: &People) -> (Vec<String>, Wanted) {
    let mut resolver = Resolver::new(asked, known);
    let mut users: Vec<String> = Vec::new();
    for rule in &spec.copy_to {
        for found in resolver.find(rule) {
            let is_active = found.is_active || resolver.person(&found.code) == Seen::Active;
            if is_active && !users.contains(&found.code) {
                users.push(found.code);
            }
        }
    }
    (users, resolver.needs)
}

/// Somebody whom a rule names.
struct Found {
    code: String,
    chain: Vec<String>,
    /// Known to be active from where they were found.
    is_active: bool,
}

/// What is known of somebody.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Active,
    Disabled,
    Missing,
    Unsure,
}

/// What is known of something that may not be there.
enum Known<T> {
    Yes(T),
    No,
    Unsure,
}

/// What something that was not found means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Note {
    /// Somebody named cannot act.
    Person,
    /// A rule finds nobody; matters only if no other does.
    Blank,
    /// It cannot be said yet.
    Unsure,
}

/// From where an answer of sync-service would have told it.
#[derive(Clone, Copy)]
enum Base<'a> {
    Around(&'a str),
    Leading(&'a str),
}

struct Resolver<'a> {
    asked: &'a Asked<'a>,
    known: &'a People,
    needs: Wanted,
    notes: Vec<(Note, String)>,
    missing: Vec<String>,
}

impl<'a> Resolver<'a> {
    fn new(asked: &'a Asked<'a>, known: &'a People) -> Self {
        Self { asked, known, needs: Wanted::default(), notes: Vec::new(), missing: Vec::new() }
    }

    /// What policies may turn out to need is asked for at once, so that there is one question.
    fn foresee(&mut self, policy: &Policy) {
        let by_manager =
            policy.nobody == Some(Nobody::Manager) || policy.disabled == Some(Disabled::Manager);
        if let Some(manager) = self.asked.manager.filter(|_| by_manager) {
            self.person(manager);
        }
        if policy.starter == StarterIsApprover::Superior {
            drop(self.superiors(self.asked.starter, 1, None));
        }
    }

    fn note(&mut self, kind: Note, text: String) {
        if !self.notes.iter().any(|(_, known)| *known == text) {
            self.notes.push((kind, text));
        }
    }

    /// Makes an approver of somebody who can act, or of whoever acts in their place.
    fn admit(&mut self, policy: &Policy, rule: &Rule, found: Found, picks: &mut Vec<Pick>) {
        let seen = match found.is_active {
            true => Seen::Active,
            false => self.person(&found.code),
        };
        let code = &found.code;
        if policy.disabled == Some(Disabled::Superior) && seen == Seen::Unsure {
            drop(self.superiors(code, 1, None));
        }
        let pick = |user: String, chain: Vec<String>| Pick {
            user,
            on_behalf_of: None,
            rule: rule.sentence().into_owned(),
            chain,
        };
        let pick = match seen {
            Seen::Active => self.present(code).map(|agent| match agent {
                None => pick(found.code.clone(), found.chain),
                Some(agent) => {
                    let Pick { chain: steps, on_behalf_of, user, .. } =
                        stand_in::agent(self.known, code, &agent);
                    let chain = [found.chain, steps].concat();
                    Pick { on_behalf_of, ..pick(user, chain) }
                }
            }),
            Seen::Missing => {
                self.note(Note::Person, format!("用户 {code} 不存在"));
                None
            }
            Seen::Unsure => {
                self.note(Note::Unsure, format!("暂时无法确认用户 {code} 是否存在"));
                None
            }
            Seen::Disabled => self.stand_in(policy, code).map(|(user, step, is_agent)| {
                let mut chain = found.chain;
                chain.push(step);
                let on_behalf_of = is_agent.then(|| found.code.clone());
                Pick { on_behalf_of, ..pick(user, chain) }
            }),
        };
        match pick {
            Some(pick) => match picks.iter_mut().find(|known| known.user == pick.user) {
                None => picks.push(pick),
                // Who is asked themselves needs nobody's place.
                Some(known) if known.on_behalf_of.is_some() && pick.on_behalf_of.is_none() => {
                    *known = pick;
                }
                Some(_) => {}
            },
            None => self.missing.push(found.code),
        }
    }

    /// Somebody active themselves, or their agent while they are away; `None` = it cannot be said yet.
    fn present(&mut self, code: &str) -> Option<Option<String>> {
        let Some(agent) = self.known.agents.get(code) else { return Some(None) };
        match self.person(agent) {
            Seen::Active => Some(Some(agent.clone())),
            Seen::Disabled | Seen::Missing => Some(None),
            Seen::Unsure if self.known.users.contains_key(agent) || self.known.is_unasked => {
                Some(None)
            }
            Seen::Unsure => {
                self.note(Note::Unsure, format!("暂时无法确认用户 {agent} 是否存在"));
                None
            }
        }
    }

    /// Who acts for somebody disabled, by the policy: the person, the step to them, and whether they
    /// are an agent.
    fn stand_in(&mut self, policy: &Policy, code: &str) -> Option<(String, String, bool)> {
        let gone = format!("用户 {code} 已停用");
        match policy.disabled {
            None => {
                self.note(Note::Person, gone);
                None
            }
            Some(Disabled::Agent) => {
                let agent = self.known.agents.get(code).cloned();
                let seen = agent.as_deref().map(|agent| self.person(agent));
                match (agent, seen) {
                    (Some(agent), Some(Seen::Active)) => {
                        let step = format!("{gone}，由代理人 {} 处理", self.label(&agent));
                        Some((agent, step, true))
                    }
                    (Some(agent), Some(Seen::Unsure)) => {
                        self.note(Note::Unsure, format!("暂时无法确认用户 {agent} 是否存在"));
                        None
                    }
                    _ => {
                        self.note(Note::Person, format!("{gone}，且没有可用的代理人"));
                        None
                    }
                }
            }
            Some(Disabled::Superior) => match self.active_superior(code) {
                Known::Yes(superior) => {
                    let step = format!("{gone}，由上级 {} 处理", self.label(&superior));
                    Some((superior, step, false))
                }
                Known::No => {
                    self.note(Note::Person, format!("{gone}，且没有可用的上级"));
                    None
                }
                Known::Unsure => {
                    self.note(Note::Unsure, format!("{gone}，暂时无法确认其上级"));
                    None
                }
            },
            Some(Disabled::Manager) => {
                let manager = self.manager()?;
                let step = format!("{gone}，由流程管理员 {} 处理", self.label(&manager));
                Some((manager, step, false))
            }
        }
    }

    /// The nearest superior who is active.
    fn active_superior(&mut self, code: &str) -> Known<String> {
        let Some(chain) = self.superiors(code, MOST_LEVELS, None) else { return Known::Unsure };
        let profiles = &self.known.profiles;
        let is_active = |code: &String| profiles.get(code).is_some_and(|it| it.active);
        chain.into_iter().find(is_active).map_or(Known::No, Known::Yes)
    }

    /// The flow's manager, if they can act.
    fn manager(&mut self) -> Option<String> {
        let Some(manager) = self.asked.manager else {
            self.note(Note::Person, "流程没有设置管理员".to_owned());
            return None;
        };
        match self.person(manager) {
            Seen::Active => return Some(manager.to_owned()),
            Seen::Disabled => self.note(Note::Person, format!("流程管理员 {manager} 已停用")),
            Seen::Missing => self.note(Note::Person, format!("流程管理员 {manager} 不存在")),
            Seen::Unsure => {
                self.note(Note::Unsure, format!("暂时无法确认用户 {manager} 是否存在"));
            }
        }
        self.missing.push(manager.to_owned());
        None
    }

    /// The policy for a starter who is an approver, except where the drawing names the starter as
    /// such; whether it left the starter out.
    fn apply_starter(&mut self, spec: &TaskSpec, picks: &mut Vec<Pick>) -> bool {
        let starter = self.asked.starter;
        let names_starter = spec.rules.contains(&Rule::Starter);
        let place = picks.iter().position(|pick| pick.user == starter);
        let Some(place) = place.filter(|_| !names_starter) else { return false };
        match spec.policy.starter {
            StarterIsApprover::Allow => false,
            StarterIsApprover::Skip => {
                picks.remove(place);
                true
            }
            StarterIsApprover::Superior => {
                let mut pick = picks.remove(place);
                match self.active_superior(starter) {
                    Known::Yes(superior) if picks.iter().all(|pick| pick.user != superior) => {
                        let label = self.label(&superior);
                        pick.chain.push(format!("处理人即发起人，由上级 {label} 处理"));
                        picks.insert(place, Pick { user: superior, on_behalf_of: None, ..pick });
                    }
                    Known::Yes(_) => {}
                    Known::No => {
                        let label = self.label(starter);
                        self.note(
                            Note::Person,
                            format!("处理人即发起人，且 {label} 没有可用的上级"),
                        );
                    }
                    Known::Unsure => {
                        self.unsure_around(starter);
                    }
                }
                false
            }
        }
    }

    fn conclude(&mut self, spec: &TaskSpec, mut picks: Vec<Pick>, is_starters: bool) -> Choice {
        let is_kind = |kind: Note| move |(known, _): &(Note, String)| *known == kind;
        let mut auto = None;
        if picks.is_empty() && !self.notes.iter().any(is_kind(Note::Unsure)) {
            if is_starters && !self.notes.iter().any(is_kind(Note::Person)) {
                auto = Some(Auto::Skip("处理人即发起人，自动通过".to_owned()));
            } else {
                auto = match spec.policy.nobody {
                    Some(Nobody::Skip) => Some(Auto::Skip("没有找到处理人，自动通过".to_owned())),
                    Some(Nobody::Refuse) => {
                        Some(Auto::Refuse("没有找到处理人，自动拒绝".to_owned()))
                    }
                    Some(Nobody::Manager) => {
                        picks.extend(self.manager_instead());
                        None
                    }
                    None => None,
                };
            }
        }
        if auto.is_some() {
            return Choice { auto, ..Choice::default() };
        }
        let is_nobody = picks.is_empty();
        let by_manager = self.asked.manager.filter(|_| spec.policy.nobody == Some(Nobody::Manager));
        let is_managers = picks.iter().all(|pick| Some(pick.user.as_str()) == by_manager);
        if !is_nobody && is_managers {
            return Choice { picks, ..Choice::default() };
        }
        let texts = self.notes.iter().filter(|(kind, _)| is_nobody || *kind != Note::Blank);
        let texts: Vec<&str> = texts.map(|(_, text)| text.as_str()).collect();
        let trouble = match (texts.is_empty(), is_nobody) {
            (false, _) => Some(texts.join("；")),
            (true, false) => None,
            (true, true) if picks_nobody(spec) => Some("没有指定处理人".to_owned()),
            (true, true) => Some("没有找到处理人".to_owned()),
        };
        // Where more than one must say something, none may be left out.
        if trouble.is_some() && spec.mode != Mode::Any {
            picks.clear();
        }
        Choice { picks, auto: None, trouble, missing: std::mem::take(&mut self.missing) }
    }

    fn manager_instead(&mut self) -> Option<Pick> {
        let user = self.manager()?;
        let chain = vec![format!("流程管理员 {}", self.label(&user))];
        let rule = "没有找到处理人，由流程管理员处理".to_owned();
        Some(Pick { user, on_behalf_of: None, rule, chain })
    }

    fn person(&mut self, code: &str) -> Seen {
        match self.known.users.get(code) {
            Some(Presence::Active) => Seen::Active,
            Some(Presence::Disabled) => Seen::Disabled,
            Some(Presence::Missing) => Seen::Missing,
            Some(Presence::Unasked) => Seen::Unsure,
            None => {
                if !self.known.is_unasked {
                    self.needs.add_user(code);
                }
                Seen::Unsure
            }
        }
    }

    fn profile(&mut self, code: &str, base: Base<'_>) -> Known<&'a Profile> {
        if let Some(profile) = self.known.profiles.get(code) {
            return Known::Yes(profile);
        }
        if self.known.users.get(code) == Some(&Presence::Missing) || self.has_asked(base) {
            return Known::No;
        }
        self.need(base);
        Known::Unsure
    }

    fn department(&mut self, name: &str, base: Base<'_>) -> Known<&'a Department> {
        if let Some(department) = self.known.department(name) {
            return Known::Yes(department);
        }
        if self.has_asked(base) {
            return Known::No;
        }
        self.need(base);
        Known::Unsure
    }

    fn has_asked(&self, base: Base<'_>) -> bool {
        match base {
            Base::Around(user) => self.known.around.contains(user),
            Base::Leading(department) => self.known.leading.contains(department),
        }
    }

    fn need(&mut self, base: Base<'_>) {
        if self.known.is_unasked {
            return;
        }
        match base {
            Base::Around(user) => self.needs.add_around(user),
            Base::Leading(department) => self.needs.add_leading(department),
        }
    }

    fn label(&self, code: &str) -> String {
        self.known.label(code)
    }
}

/// A drawing that names nobody at all.
fn picks_nobody(spec: &TaskSpec) -> bool {
    let is_dialect = |rule: &Rule| matches!(rule, Rule::Expression(_) | Rule::GroupsOf(_));
    spec.rules.iter().all(is_dialect)
}
