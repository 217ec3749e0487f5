//! A flow that runs in the ERP: its pages and its people, in versions of which one is online.

use chrono::{DateTime, Utc};
use shared::id::FlowCode;

use super::apply_rule::ApplyRule;

/// The longest address of a page, in characters.
pub(crate) const URL_MAX_CHARS: usize = 1_000;

/// What a version says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) title: String,
    pub(crate) initiate: Pages,
    pub(crate) detail: Pages,
    pub(crate) group: String,
    pub(crate) manager: String,
    pub(crate) operator: String,
    pub(crate) configurer: String,
    pub(crate) creator: String,
    pub(crate) on_pc: bool,
    pub(crate) on_mobile: bool,
    pub(crate) may_apply: ApplyRule,
    pub(crate) may_manage: ApplyRule,
}

/// One page for phones and one for PCs; absolute http(s) addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pages {
    pub(crate) h5: String,
    pub(crate) web: String,
}

/// Why a text is not the address of a page.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UrlRefusal {
    #[error("长度不能超过 {URL_MAX_CHARS} 个字符")]
    TooLong,
    #[error("应为以 http:// 或 https:// 开头的完整地址，且不含空格")]
    NotAbsolute,
}

/// Reads the address of a page; the placeholders `{orderId}` and the like may stand in it.
pub(crate) fn parse_url(text: &str) -> Result<String, UrlRefusal> {
    if text.chars().count() > URL_MAX_CHARS {
        return Err(UrlRefusal::TooLong);
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err(UrlRefusal::NotAbsolute);
    }
    // The parser mends `https:erp` and `http:///erp`; a browser may read them otherwise.
    let lower = text.to_ascii_lowercase();
    let host = lower.strip_prefix("http://").or_else(|| lower.strip_prefix("https://"));
    if host.is_none_or(|host| host.is_empty() || host.starts_with('/')) {
        return Err(UrlRefusal::NotAbsolute);
    }
    let address = url::Url::parse(text).or(Err(UrlRefusal::NotAbsolute))?;
    let fits = matches!(address.scheme(), "http" | "https") && address.has_host();
    if fits { Ok(text.to_owned()) } else { Err(UrlRefusal::NotAbsolute) }
}

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

/// One version.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Version {
    pub(crate) number: i32,
    pub(crate) state: State,
    pub(crate) content: Content,
    pub(crate) update_desc: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) online_at: Option<DateTime<Utc>>,
}

/// A third-party flow with all its versions, oldest first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ThirdPartyFlow {
    pub(crate) code: FlowCode,
    /// Rises with every change that others hear of.
    pub(crate) revision: i64,
    pub(crate) versions: Vec<Version>,
}

/// What a create request came to.
#[derive(Debug, PartialEq)]
pub(crate) enum Drafted {
    /// The newest version says the same already.
    Same(i32),
    /// A new draft was added.
    New(Box<Version>),
}

/// What an online request came to.
#[derive(Debug, PartialEq)]
pub(crate) enum Onlined {
    /// That version is the online one already.
    Already,
    /// These versions changed their state; the first is the one that is online now.
    Changed(Vec<Version>),
}

/// Why it cannot be done.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("a flow without versions cannot be put online")]
    Empty,
}

impl ThirdPartyFlow {
    /// Same content as the newest version → that version; different → a new draft on top, while the
    /// online one serves.
    pub(crate) fn draft(&self, content: Content, now: DateTime<Utc>) -> Drafted {
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

    /// Which version a request means: the one it names, else the newest.
    pub(crate) fn version(&self, number: Option<i32>) -> Result<Option<&Version>, Refusal> {
        let newest = self.versions.last().ok_or(Refusal::Empty)?;
        Ok(match number {
            None => Some(newest),
            Some(number) => self.versions.iter().find(|version| version.number == number),
        })
    }

    /// Puts a version online and retires the one before it; an older one may come back (rollback).
    pub(crate) fn online(
        &self,
        target: &Version,
        update_desc: Option<String>,
        now: DateTime<Utc>,
    ) -> Onlined {
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

    fn content(title: &str) -> Content {
        let pages = Pages { h5: "https://erp/h5".to_owned(), web: "https://erp/web".to_owned() };
        Content {
            title: title.to_owned(),
            initiate: pages.clone(),
            detail: pages,
            group: "G".to_owned(),
            manager: "U".to_owned(),
            operator: "U".to_owned(),
            configurer: "U".to_owned(),
            creator: "U".to_owned(),
            on_pc: true,
            on_mobile: true,
            may_apply: ApplyRule::All,
            may_manage: ApplyRule::All,
        }
    }

    fn flow() -> ThirdPartyFlow {
        ThirdPartyFlow { code: FlowCode::stored("F"), revision: 0, versions: Vec::new() }
    }

    fn with(mut flow: ThirdPartyFlow, title: &str) -> ThirdPartyFlow {
        if let Drafted::New(version) = flow.draft(content(title), DateTime::UNIX_EPOCH) {
            flow.versions.push(*version);
        }
        flow
    }

    #[test]
    fn the_same_content_is_the_same_version_and_another_is_the_next() {
        let flow = with(flow(), "one");

        assert_eq!(flow.draft(content("one"), DateTime::UNIX_EPOCH), Drafted::Same(1));
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
    fn addresses_that_are_not_pages_are_refused() {
        for wrong in [
            "javascript:alert(1)",
            "/relative",
            "https://a/ b",
            "https://a/\r\nX: y",
            "ftp://a/",
            "https://",
            "https:erp/x",
            "http:///x",
            "",
        ] {
            assert_eq!(parse_url(wrong), Err(UrlRefusal::NotAbsolute), "{wrong}");
        }
        assert_eq!(
            parse_url(&format!("https://a/{}", "x".repeat(1_000))),
            Err(UrlRefusal::TooLong)
        );
        assert!(parse_url("https://erp/detail?id={orderId}&u={userCode}").is_ok());
    }
}
