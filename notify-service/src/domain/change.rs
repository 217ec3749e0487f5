//! Changes of orders as they are heard, late, twice or out of order, and what they come to.

use std::collections::BTreeMap;

use super::notice::{Notice, TaskKey};

/// One change of an order: which tasks opened for whom, and which ended for whom.
#[derive(Clone, Debug)]
pub(crate) struct OrderChange {
    /// Rises with every change of the order.
    pub(crate) seq: i64,
    pub(crate) opened: Vec<Opened>,
    pub(crate) closed: Vec<Closed>,
}

/// A task that waits for these people.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(crate) notice: Notice,
    pub(crate) assignees: Vec<Assignee>,
}

/// A person and where the task opens for them.
#[derive(Clone, Debug)]
pub(crate) struct Assignee {
    pub(crate) user: String,
    pub(crate) web_url: String,
    pub(crate) h5_url: String,
}

/// A task that waits for these people no longer.
#[derive(Clone, Debug)]
pub(crate) struct Closed {
    pub(crate) key: TaskKey,
    pub(crate) users: Vec<String>,
}

/// Whether a task waits for a person, by the highest number heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) open: bool,
    pub(crate) seq: i64,
    /// Where it opens, if an opening is among what was heard.
    pub(crate) links: Option<(String, String)>,
}

/// What a batch of changes comes to.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    /// The words of the tasks that opened, of the first opening each.
    pub(crate) notices: BTreeMap<TaskKey, (i64, Notice)>,
    pub(crate) standings: BTreeMap<(TaskKey, String), Standing>,
}

/// Brings a batch together, so that every task and every person of it is written once.
pub(crate) fn fold(changes: Vec<OrderChange>) -> Folded {
    let mut folded = Folded::default();
    for change in changes {
        for opened in change.opened {
            let key = opened.notice.key.clone();
            for assignee in opened.assignees {
                folded.open(&key, assignee, change.seq);
            }
            let words =
                folded.notices.entry(key).or_insert_with(|| (change.seq, opened.notice.clone()));
            if change.seq < words.0 {
                *words = (change.seq, opened.notice);
            }
        }
        for closed in change.closed {
            for user in closed.users {
                folded.close(&closed.key, user, change.seq);
            }
        }
    }
    folded
}

impl Folded {
    fn open(&mut self, key: &TaskKey, assignee: Assignee, seq: i64) {
        let links = Some((assignee.web_url, assignee.h5_url));
        let standing = self
            .standings
            .entry((key.clone(), assignee.user))
            .or_insert_with(|| Standing { open: true, seq, links: None });
        if seq > standing.seq {
            (standing.open, standing.seq) = (true, seq);
        }
        if standing.links.is_none() || seq >= standing.seq {
            standing.links = links;
        }
    }

    /// At the same number the closing counts: nobody is called to what may be over.
    fn close(&mut self, key: &TaskKey, user: String, seq: i64) {
        let standing = self.standings.entry((key.clone(), user)).or_insert_with(|| Standing {
            open: false,
            seq,
            links: None,
        });
        if seq >= standing.seq {
            (standing.open, standing.seq) = (false, seq);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> TaskKey {
        TaskKey { tenant: "T".to_owned(), app: "A".to_owned(), order: 1, task: "K".to_owned() }
    }

    fn opening(seq: i64, name: &str) -> OrderChange {
        let notice = Notice {
            key: key(),
            title: "订单".to_owned(),
            task_name: name.to_owned(),
            node_type: "audit".to_owned(),
            initiator: "U0".to_owned(),
            business_key: "B".to_owned(),
            due_at: None,
            note: String::new(),
        };
        let assignee =
            Assignee { user: "U1".to_owned(), web_url: "w".to_owned(), h5_url: format!("h{seq}") };
        let opened = vec![Opened { notice, assignees: vec![assignee] }];
        OrderChange { seq, opened, closed: Vec::new() }
    }

    fn closing(seq: i64) -> OrderChange {
        let closed = vec![Closed { key: key(), users: vec!["U1".to_owned()] }];
        OrderChange { seq, opened: Vec::new(), closed }
    }

    fn standing(changes: Vec<OrderChange>) -> (bool, i64) {
        let folded = fold(changes);
        let standing = &folded.standings[&(key(), "U1".to_owned())];
        (standing.open, standing.seq)
    }

    #[test]
    fn the_highest_number_wins_in_whatever_order_it_is_heard() {
        assert_eq!(standing(vec![opening(1, "a"), closing(2)]), (false, 2));
        assert_eq!(standing(vec![closing(2), opening(1, "a")]), (false, 2));
        assert_eq!(standing(vec![closing(2), opening(3, "a")]), (true, 3));
        assert_eq!(standing(vec![opening(3, "a"), closing(2)]), (true, 3));
        assert_eq!(standing(vec![opening(2, "a"), closing(2)]), (false, 2));
    }

    #[test]
    fn the_words_are_those_of_the_first_opening() {
        let folded = fold(vec![opening(3, "later"), opening(1, "first"), opening(2, "second")]);

        assert_eq!(folded.notices[&key()].1.task_name, "first");
    }
}
