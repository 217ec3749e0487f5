//! Who gets a task instead of somebody who is away, has left or does not act in time, and why.

use std::collections::{BTreeMap, BTreeSet};

use super::approval::Pick;
use super::people::{People, Presence, Wanted};

/// Superiors followed at most.
const MOST_LEVELS: usize = 50;

/// Whoever acts for somebody who is away.
pub(crate) fn agent(known: &People, away: &str, agent: &str) -> Pick {
    let step = format!("{} 外出，由代理人 {} 处理", known.label(away), known.label(agent));
    Pick {
        user: agent.to_owned(),
        on_behalf_of: Some(away.to_owned()),
        rule: "外出代理".to_owned(),
        chain: vec![step],
    }
}

/// Whoever is given what somebody leaves behind.
pub(crate) fn receiver(known: &People, from: &str, to: &str, reason: Option<&str>) -> Pick {
    let mut chain = vec![format!("{} 的任务移交给 {}", known.label(from), known.label(to))];
    chain.extend(reason.map(|reason| format!("原因：{reason}")));
    Pick { user: to.to_owned(), on_behalf_of: None, rule: "任务移交".to_owned(), chain }
}

/// The nearest superior who is active.
pub(crate) fn superior(known: &People, of: &str) -> Option<Pick> {
    let mut seen = BTreeSet::from([of]);
    let mut chain = vec![format!("{} 超时未处理", known.label(of))];
    let mut at = of;
    for _ in 0..MOST_LEVELS {
        at = known.profiles.get(at)?.supervisor.as_deref().filter(|next| seen.insert(next))?;
        chain.push(format!("上级 {}", known.label(at)));
        if known.profiles.get(at).is_some_and(|profile| profile.active) {
            let rule = "超时转上级".to_owned();
            return Some(Pick { user: at.to_owned(), on_behalf_of: None, rule, chain });
        }
    }
    None
}

/// Who gets the tasks of somebody who is disabled: their agent, else their direct superior, else the
/// flow's manager, whoever of these is active first.
pub(crate) fn successor(
    known: &People,
    gone: &str,
    agents: &BTreeMap<String, String>,
    manager: Option<&str>,
) -> Option<Pick> {
    let agent = agents.get(gone).map(|user| (user.as_str(), "代理人"));
    let superior = known.profiles.get(gone).and_then(|profile| profile.supervisor.as_deref());
    let superior = superior.map(|user| (user, "直接上级"));
    let manager = manager.map(|user| (user, "流程管理员"));
    let mut all = [agent, superior, manager].into_iter().flatten();
    let is_active = |user: &str| known.users.get(user) == Some(&Presence::Active);
    let (user, word) = all.find(|(user, _)| *user != gone && is_active(user))?;
    Some(Pick {
        user: user.to_owned(),
        on_behalf_of: None,
        rule: "人员停用后转交".to_owned(),
        chain: vec![format!("{} 已停用，由{word} {} 处理", known.label(gone), known.label(user))],
    })
}

/// What must be looked up to know the superiors of these people.
pub(crate) fn wanted_superiors(known: &People, of: &[String]) -> Wanted {
    let is_unknown = |code: &&String| !is_line_known(known, code);
    let around = of.iter().filter(is_unknown).cloned().collect();
    Wanted { around, ..Wanted::default() }.unknown_to(known)
}

fn is_line_known(known: &People, of: &str) -> bool {
    let mut seen = BTreeSet::from([of]);
    let mut at = of;
    loop {
        let Some(profile) = known.profiles.get(at) else { return false };
        match profile.supervisor.as_deref() {
            Some(next) if seen.insert(next) && seen.len() <= MOST_LEVELS => at = next,
            Some(_) | None => return true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::directory::Profile;

    fn known(people: &[(&str, Option<&str>, bool)]) -> People {
        let mut known = People::default();
        for (code, supervisor, active) in people {
            let supervisor = supervisor.map(str::to_owned);
            let profile = Profile { supervisor, active: *active, ..Profile::default() };
            known.note((*code).to_owned(), profile);
        }
        known
    }

    #[test]
    fn the_superior_is_the_nearest_one_who_is_active() {
        let known = known(&[("A", Some("B"), true), ("B", Some("C"), false), ("C", None, true)]);

        assert_eq!(superior(&known, "A").unwrap().user, "C");
        assert_eq!(superior(&known, "A").unwrap().chain, ["A 超时未处理", "上级 B", "上级 C"]);
        assert_eq!(superior(&known, "C"), None);
    }

    #[test]
    fn superiors_in_a_circle_end() {
        let known = known(&[("A", Some("B"), false), ("B", Some("A"), false)]);

        assert_eq!(superior(&known, "A"), None);
        assert!(wanted_superiors(&known, &["A".to_owned()]).is_empty());
    }

    #[test]
    fn a_leaver_is_followed_by_agent_superior_or_manager_whoever_is_active_first() {
        let agents = BTreeMap::from([("A".to_owned(), "X".to_owned())]);
        let of = |active: [bool; 3]| {
            let people = [
                ("A", Some("B"), false),
                ("X", None, active[0]),
                ("B", None, active[1]),
                ("M", None, active[2]),
            ];
            successor(&known(&people), "A", &agents, Some("M")).map(|pick| pick.user)
        };

        assert_eq!(of([true, true, true]).as_deref(), Some("X"));
        assert_eq!(of([false, true, true]).as_deref(), Some("B"));
        assert_eq!(of([false, false, true]).as_deref(), Some("M"));
        assert_eq!(of([false, false, false]), None);
    }

    #[test]
    fn whose_superiors_are_not_all_known_is_asked_for_once() {
        let mut known = known(&[("A", Some("B"), true)]);
        let of = ["A".to_owned()];

        assert_eq!(wanted_superiors(&known, &of).around, ["A"]);
        known.around.insert("A".to_owned());
        assert!(wanted_superiors(&known, &of).is_empty());
    }
}
