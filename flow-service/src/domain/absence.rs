//! Somebody is away for a while, and another acts for them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

/// Agents of agents followed at most.
const MOST_STEPS: usize = 50;

/// Who is away, when, and who acts for them in which flows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Absence {
    pub(crate) user: String,
    pub(crate) agent: String,
    pub(crate) from: DateTime<Utc>,
    /// The first moment at which they are back.
    pub(crate) to: DateTime<Utc>,
    /// Absent = all.
    pub(crate) flows: Option<BTreeSet<String>>,
}

/// Why somebody cannot be away like that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("代理人不能是本人")]
    Oneself,
    #[error("结束时间应晚于开始时间")]
    Reversed,
    #[error("结束时间已过")]
    Past,
    #[error("该时段已设置由 {0} 代理，请先取消")]
    Overlaps(String),
    #[error("代理人不能形成循环：{}", .0.join(" → "))]
    Cycle(Vec<String>),
}

/// Who acts for whom now: user, agent, and for which flows; absent = all.
pub(crate) type Current = (String, String, Option<Vec<String>>);

impl Absence {
    /// An absence that makes sense by itself.
    pub(crate) fn new(
        user: &str,
        agent: &str,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        flows: Vec<String>,
        now: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        if user == agent {
            return Err(Refusal::Oneself);
        }
        if to <= from {
            return Err(Refusal::Reversed);
        }
        if to <= now {
            return Err(Refusal::Past);
        }
        let flows = Some(flows).filter(|flows| !flows.is_empty());
        Ok(Self {
            user: user.to_owned(),
            agent: agent.to_owned(),
            from,
            to,
            flows: flows.map(|flows| flows.into_iter().collect()),
        })
    }

    /// Whether it may be beside the others of the enterprise: nobody has two agents for one task,
    /// and no task goes round in a circle.
    pub(crate) fn check(&self, others: &[Absence]) -> Result<(), Refusal> {
        let own = others.iter().find(|other| other.user == self.user && self.overlaps(other));
        if let Some(own) = own {
            return Err(Refusal::Overlaps(own.agent.clone()));
        }
        let starts = others.iter().map(|other| other.from);
        let starts = starts.filter(|at| self.from < *at && *at < self.to);
        let moments: BTreeSet<DateTime<Utc>> = starts.chain([self.from]).collect();
        // Any flow that nobody names is like any other.
        let unnamed = self.flows.is_none().then_some(None);
        let named = others.iter().chain([self]).filter_map(|one| one.flows.as_ref()).flatten();
        let named = named.map(String::as_str).filter(|flow| self.is_for(Some(flow)));
        let flows: BTreeSet<Option<&str>> = named.map(Some).chain(unnamed).collect();
        for at in &moments {
            for flow in &flows {
                self.follow(others, *at, *flow)?;
            }
        }
        Ok(())
    }

    /// Goes from agent to agent at one moment, for one flow.
    fn follow(
        &self,
        others: &[Absence],
        at: DateTime<Utc>,
        flow: Option<&str>,
    ) -> Result<(), Refusal> {
        let mut way = vec![self.user.clone(), self.agent.clone()];
        for _ in 0..MOST_STEPS {
            let last = way.last().map(String::as_str).unwrap_or_default();
            let next = others.iter().find(|other| {
                other.user == last && other.from <= at && at < other.to && other.is_for(flow)
            });
            let Some(next) = next else { return Ok(()) };
            way.push(next.agent.clone());
            if next.agent == self.user {
                return Err(Refusal::Cycle(way));
            }
        }
        Err(Refusal::Cycle(way))
    }

    /// Whether it counts for a flow; none = one that nobody names.
    fn is_for(&self, flow: Option<&str>) -> bool {
        match (&self.flows, flow) {
            (None, _) => true,
            (Some(flows), Some(flow)) => flows.contains(flow),
            (Some(_), None) => false,
        }
    }

    fn overlaps(&self, other: &Absence) -> bool {
        let in_time = self.from < other.to && other.from < self.to;
        in_time
            && match (&self.flows, &other.flows) {
                (Some(own), Some(others)) => !own.is_disjoint(others),
                (None, _) | (_, None) => true,
            }
    }
}

/// Who acts for whom in a flow: where the agent is away, too, theirs.
pub(crate) fn agents(current: &[Current], flow: &str) -> BTreeMap<String, String> {
    let is_for = |flows: &Option<Vec<String>>| {
        flows.as_ref().is_none_or(|flows| flows.iter().any(|one| one == flow))
    };
    let direct: BTreeMap<&str, &str> = current
        .iter()
        .filter(|(_, _, flows)| is_for(flows))
        .map(|(user, agent, _)| (user.as_str(), agent.as_str()))
        .collect();
    let last = |user: &str, first: &str| {
        let mut seen = BTreeSet::from([user]);
        let mut agent = first;
        while seen.insert(agent) {
            match direct.get(agent) {
                Some(next) => agent = next,
                None => return Some(agent.to_owned()),
            }
        }
        None
    };
    direct
        .iter()
        .filter_map(|(user, agent)| Some(((*user).to_owned(), last(user, agent)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn day(number: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(number)
    }

    fn absence(user: &str, agent: &str, from: i64, to: i64, flows: &[&str]) -> Absence {
        let flows = flows.iter().map(|flow| (*flow).to_owned()).collect();
        Absence::new(user, agent, (day(from), day(to)), flows, day(0)).unwrap()
    }

    #[test]
    fn nobody_is_their_own_agent_or_away_backwards_or_in_the_past() {
        let new = |user, agent, from, to| {
            Absence::new(user, agent, (day(from), day(to)), Vec::new(), day(10)).unwrap_err()
        };

        assert_eq!(new("A", "A", 11, 12), Refusal::Oneself);
        assert_eq!(new("A", "B", 12, 12), Refusal::Reversed);
        assert_eq!(new("A", "B", 1, 10), Refusal::Past);
    }

    #[test]
    fn one_task_has_one_agent_but_flows_and_dates_may_be_shared_out() {
        let known = [absence("A", "B", 1, 5, &["LEAVE"])];

        assert!(absence("A", "C", 1, 5, &["EXPENSE"]).check(&known).is_ok());
        assert!(absence("A", "C", 5, 9, &["LEAVE"]).check(&known).is_ok());
        let refused = absence("A", "C", 4, 9, &[]).check(&known);
        assert_eq!(refused, Err(Refusal::Overlaps("B".to_owned())));
    }

    #[test]
    fn agents_form_no_circle_at_any_moment_in_any_flow() {
        let known = [absence("B", "C", 1, 3, &["LEAVE"]), absence("C", "A", 2, 9, &[])];

        let way = ["A", "B", "C", "A"].map(str::to_owned).to_vec();
        assert_eq!(absence("A", "B", 1, 9, &[]).check(&known), Err(Refusal::Cycle(way)));
        assert!(absence("A", "B", 1, 9, &["EXPENSE"]).check(&known).is_ok());
        assert!(absence("A", "B", 3, 9, &[]).check(&known).is_ok());
    }

    #[test]
    fn an_agent_who_is_away_has_an_agent() {
        let all = |user: &str, agent: &str| (user.to_owned(), agent.to_owned(), None);
        let of = |user: &str, agent: &str, flow: &str| {
            (user.to_owned(), agent.to_owned(), Some(vec![flow.to_owned()]))
        };
        let current = [all("A", "B"), of("B", "C", "LEAVE"), all("X", "Y"), all("Y", "X")];

        let found = |flow: &str| agents(&current, flow).into_iter().collect::<Vec<_>>();
        let pair = |user: &str, agent: &str| (user.to_owned(), agent.to_owned());

        assert_eq!(found("LEAVE"), [pair("A", "C"), pair("B", "C")]);
        assert_eq!(found("EXPENSE"), [pair("A", "B")]);
    }
}
