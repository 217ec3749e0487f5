//! A reference to a file that the house does not keep.

/// The longest address of a file.
const URL_MAX_CHARS: usize = 1_000;

/// A file of somebody else's, such as an ERP's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attachment {
    /// What to show.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) url: String,
}

/// Why a text is not the address of a file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("长度不能超过 {URL_MAX_CHARS} 个字符")]
    TooLong,
    #[error("应为以 http:// 或 https:// 开头的完整地址，且不含空格")]
    NotAbsolute,
}

/// Reads the address of a file: absolute http(s), so that a page may make a link of it.
pub(crate) fn parse_url(text: &str) -> Result<String, Refusal> {
    if text.chars().count() > URL_MAX_CHARS {
        return Err(Refusal::TooLong);
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err(Refusal::NotAbsolute);
    }
    // The parser mends `https:erp` and `http:///erp`; a browser may read them otherwise.
    let lower = text.to_ascii_lowercase();
    let host = lower.strip_prefix("http://").or_else(|| lower.strip_prefix("https://"));
    if host.is_none_or(|host| host.is_empty() || host.starts_with('/')) {
        return Err(Refusal::NotAbsolute);
    }
    let address = url::Url::parse(text).or(Err(Refusal::NotAbsolute))?;
    if address.has_host() { Ok(text.to_owned()) } else { Err(Refusal::NotAbsolute) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_addresses_are_files() {
        for wrong in
            ["javascript:alert(1)", "/x", "https://a/ b", "ftp://a/", "https:a/x", "http:///x", ""]
        {
            assert_eq!(parse_url(wrong), Err(Refusal::NotAbsolute), "{wrong}");
        }
        let long = format!("https://a/{}", "x".repeat(1_000));
        assert_eq!(parse_url(&long), Err(Refusal::TooLong));
        assert!(parse_url("HTTPS://erp.example.com/files/1?name=%E5%90%88").is_ok());
    }
}
