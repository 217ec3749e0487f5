//! Versions of a flow: drafts, of which one at a time is online. The same for flows of either kind.

use chrono::{DateTime, Utc};
use shared::id::FlowCode;

/// Where a version stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Written, not yet offered.
    Draft,
    /// The one that serves.
    Online,
    /// Served once.
    Retired,
}

/// One version; `C` is what it says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Version<C> {
    pub(crate) number: i32,
    pub(crate) state: State,
    pub(crate) content: C,
    pub(crate) update_desc: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) online_at: Option<DateTime<Utc>>,
}

/// A flow with all its versions, oldest first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Flow<C> {
    pub(crate) code: FlowCode,
    /// Rises with every change that others hear of.
    pub(crate) revision: i64,
    pub(crate) versions: Vec<Version<C>>,
}

/// What a create request came to.
#[derive(Debug, PartialEq)]
pub(crate) enum Drafted<C> {
    /// The newest version says the same already.
    Same(i32),
    /// A new draft was added.
    New(Box<Version<C>>),
}

/// What an update request came to.
#[derive(Debug, PartialEq)]
pub(crate) enum Revised<C> {
    /// The newest version says the same already.
    Same(i32),
    /// The draft on top says it now.
    Edited(i32),
    /// A new draft was added.
    New(Box<Version<C>>),
}

/// What an online request came to.
#[derive(Debug, PartialEq)]
pub(crate) enum Onlined<C> {
    /// That version is the online one already.
    Already,
    /// These versions changed their state; the first is the one that is online now.
    Changed(Vec<Version<C>>),
}

/// Why it cannot be done.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("a flow without versions cannot be put online")]
    Empty,
}

impl<C: Clone + PartialEq> Flow<C> {
    /// Same content as the newest version → that version; different → a new draft on top, while the
    /// online one serves.
    pub(crate) fn draft(&self, content: C, now: DateTime<Utc>) -> Drafted<C> {
        match self.versions.last() {
            Some(newest) if newest.content == content => Drafted::Same(newest.number),
            newest => Drafted::New(Box::new(Version {
                number: newest.map_or(1, |newest| newest.number + 1),
                state: State::Draft,
                content,
                update_desc: None,
                created_at: now,
                online_at: None,
            })),
        }
    }

    /// Same content as the newest version → that version; a draft on top is changed in place; what
    /// was online once is not touched, and gets a draft on top.
    pub(crate) fn revise(&self, content: C, now: DateTime<Utc>) -> Revised<C> {
        match self.versions.last() {
            Some(newest) if newest.state == State::Draft && newest.content != content => {
                Revised::Edited(newest.number)
            }
            _ => match self.draft(content, now) {
                Drafted::Same(number) => Revised::Same(number),
                Drafted::New(version) => Revised::New(version),
            },
        }
    }

    /// Which version a request means: the one it names, else the newest.
    pub(crate) fn version(&self, number: Option<i32>) -> Result<Option<&Version<C>>, Refusal> {
        let newest = self.versions.last().ok_or(Refusal::Empty)?;
        Ok(match number {
            None => Some(newest),
            Some(number) => self.versions.iter().find(|version| version.number == number),
        })
    }

    /// Puts a version online and retires the one before it; an older one may come back (rollback).
    pub(crate) fn online(
        &self,
        target: &Version<C>,
        update_desc: Option<String>,
        now: DateTime<Utc>,
    ) -> Onlined<C> {
        if target.state == State::Online {
            return Onlined::Already;
        }
        let online =
            Version { state: State::Online, update_desc, online_at: Some(now), ..target.clone() };
        let retired = self
            .versions
            .iter()
            .filter(|version| version.state == State::Online)
            .map(|version| Version { state: State::Retired, ..version.clone() });
        Onlined::Changed(std::iter::once(online).chain(retired).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow() -> Flow<String> {
        Flow { code: FlowCode::stored("F"), revision: 0, versions: Vec::new() }
    }

    fn with(mut flow: Flow<String>, title: &str) -> Flow<String> {
        if let Drafted::New(version) = flow.draft(title.to_owned(), DateTime::UNIX_EPOCH) {
            flow.versions.push(*version);
        }
        flow
    }

    #[test]
    fn the_same_content_is_the_same_version_and_another_is_the_next() {
        let flow = with(flow(), "one");

        assert_eq!(flow.draft("one".to_owned(), DateTime::UNIX_EPOCH), Drafted::Same(1));
        assert_eq!(with(flow, "two").versions.len(), 2);
    }

    #[test]
    fn exactly_one_version_is_online_also_after_a_rollback() {
        let mut flow = with(with(flow(), "one"), "two");
        for number in [1, 2, 1] {
            let target = flow.version(Some(number)).unwrap().unwrap().clone();
            let Onlined::Changed(changed) = flow.online(&target, None, DateTime::UNIX_EPOCH) else {
                panic!("it was not online");
            };
            for version in changed {
                let place = usize::try_from(version.number - 1).unwrap();
                flow.versions[place] = version;
            }
            let online: Vec<_> = flow
                .versions
                .iter()
                .filter(|v| v.state == State::Online)
                .map(|v| v.number)
                .collect();
            assert_eq!(online, [number]);
        }
    }

    #[test]
    fn putting_online_twice_changes_nothing() {
        let mut flow = with(flow(), "one");
        flow.versions[0].state = State::Online;

        assert_eq!(flow.online(&flow.versions[0], None, DateTime::UNIX_EPOCH), Onlined::Already);
    }

    #[test]
    fn a_draft_is_changed_in_place_and_what_was_online_never() {
        let mut flow = with(flow(), "one");
        assert_eq!(flow.revise("one".to_owned(), DateTime::UNIX_EPOCH), Revised::Same(1));
        assert_eq!(flow.revise("two".to_owned(), DateTime::UNIX_EPOCH), Revised::Edited(1));

        flow.versions[0].state = State::Retired;
        let Revised::New(version) = flow.revise("two".to_owned(), DateTime::UNIX_EPOCH) else {
            panic!("what was online once was touched");
        };
        assert_eq!((version.number, version.state), (2, State::Draft));
    }
}
