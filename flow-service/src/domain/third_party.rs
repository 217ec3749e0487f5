//! A flow that runs in the ERP: its pages and its people, in versions of which one is online.

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

#[cfg(test)]
mod tests {
    use super::*;

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
