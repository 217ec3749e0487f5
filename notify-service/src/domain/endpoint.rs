//! Where an application's ERP is pushed to: a base address and two paths below it.

use std::net::IpAddr;

use url::{Host, Url};

/// The longest address and the longest path, in characters.
const URL_MAX_CHARS: usize = 1_000;
const PATH_MAX_CHARS: usize = 255;

/// Where orders are told, unless the application has another path.
pub(crate) const RECEIVE_PATH: &str = "/odoo/api/workflow/receive";

/// Where approvals are told, unless the application has another path.
pub(crate) const LOG_PATH: &str = "/odoo/api/workflow/approval/log";

/// The address of an ERP: http or https, a host, perhaps a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl(String);

/// A path below a base address, perhaps with a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path(String);

/// Why an endpoint cannot be so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "应为完整的 http(s) 地址，不能含用户名、密码、查询参数或 # 片段，且不超过 {URL_MAX_CHARS} 个字符"
    )]
    Base,
    #[error(
        "应为以 / 开头的路径，不能含空白、反斜杠、# 片段或 ..，且不超过 {PATH_MAX_CHARS} 个字符"
    )]
    Path,
}

impl BaseUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let url = Url::parse(text).or(Err(Refusal::Base))?;
        let fits = text.chars().count() <= URL_MAX_CHARS
            && matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if fits {
            Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
        } else {
            Err(Refusal::Base)
        }
    }

    /// One that was parsed before.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of a path; nothing if it would lead anywhere but below this one.
    pub(crate) fn join(&self, path: &Path) -> Option<Url> {
        let joined = Url::parse(&format!("{}{}", self.0, path.0)).ok()?;
        let own = Url::parse(&self.0).ok()?;
        (joined.origin() == own.origin() && joined.username().is_empty()).then_some(joined)
    }
}

impl Path {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let wrong = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\\' | '#');
        let climbs = |part: &str| {
            let part = part.to_ascii_lowercase().replace("%2e", ".");
            part == "." || part == ".."
        };
        let path = text.split('?').next().unwrap_or_default();
        let fits = text.chars().count() <= PATH_MAX_CHARS
            && path.starts_with('/')
            && !path.starts_with("//")
            && !text.chars().any(wrong)
            && !path.split('/').any(climbs);
        if fits { Ok(Self(text.to_owned())) } else { Err(Refusal::Path) }
    }

    /// One that was parsed before.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The address that a URL names by itself, without asking anybody.
pub(crate) fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(four) => Some(IpAddr::V4(four)),
        Host::Ipv6(six) => Some(IpAddr::V6(six)),
        Host::Domain(_) => None,
    }
}

/// An application's endpoint, as it is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) base: BaseUrl,
    pub(crate) receive: Path,
    pub(crate) log: Path,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_absolute_and_bare() {
        let base = BaseUrl::parse("https://odoo.example.com/").unwrap();
        assert_eq!(base.as_str(), "https://odoo.example.com");
        assert!(BaseUrl::parse("http://10.0.0.5:8069/erp").is_ok());
        for wrong in [
            "",
            "odoo.example.com",
            "/odoo",
            "ftp://a",
            "file:///etc/passwd",
            "gopher://a",
            "https://u:p@a",
            "https://a/x?db=1",
            "https://a#x",
            "http://",
        ] {
            assert_eq!(BaseUrl::parse(wrong), Err(Refusal::Base), "{wrong}");
        }
    }

    #[test]
    fn a_path_stays_below_its_base() {
        for fits in ["/", RECEIVE_PATH, "/odoo/api/order/approved?db=main", "/a..b"] {
            assert!(Path::parse(fits).is_ok(), "{fits}");
        }
        let long = format!("/{}", "x".repeat(255));
        for wrong in [
            "",
            "x",
            "//evil.example/x",
            "@evil.example/x",
            ":80@evil.example",
            "/\\evil.example",
            "/a/../../b",
            "/%2e%2E/b",
            "/a b",
            "/a\r\nX: y",
            "/a#b",
            "http://evil.example/",
            &long,
        ] {
            assert_eq!(Path::parse(wrong), Err(Refusal::Path), "{wrong}");
        }
    }

    #[test]
    fn addresses_are_the_base_followed_by_the_path() {
        let base = BaseUrl::parse("https://odoo.example.com/erp/").unwrap();
        let joined = base.join(&Path::parse("/odoo/api/x?db=1").unwrap()).unwrap();

        assert_eq!(joined.as_str(), "https://odoo.example.com/erp/odoo/api/x?db=1");
    }

    #[test]
    fn numbers_in_disguise_are_addresses_too() {
        for text in
            ["http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.0.0.1./"]
        {
            let found = literal(&Url::parse(text).unwrap());
            assert!(found.is_some_and(|ip| ip.is_loopback()), "{text}");
        }
    }
}
