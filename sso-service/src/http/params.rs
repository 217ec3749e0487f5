//! The query of an address that browsers are sent to: what is given twice is given by nobody.

/// The pairs of a query, decoded once.
pub(crate) struct Params(Vec<(String, String)>);

/// A parameter that stands there twice.
pub(crate) struct Twice;

impl Params {
    pub(crate) fn read(query: &str) -> Self {
        Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// A parameter, or nothing where it is absent or empty.
    pub(crate) fn one(&self, name: &str) -> Result<Option<String>, Twice> {
        let mut found = self.0.iter().filter(|(key, _)| key == name);
        let first = found.next().map(|(_, value)| value.clone()).filter(|value| !value.is_empty());
        if found.next().is_some() { Err(Twice) } else { Ok(first) }
    }

    /// A parameter for which the last word does not matter.
    pub(crate) fn any(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_there_twice_is_refused() {
        let params = Params::read("code=a&state=s&code=b&empty=");

        assert!(params.one("code").is_err());
        assert_eq!(params.one("state").ok().flatten().as_deref(), Some("s"));
        assert_eq!(params.one("empty").ok().flatten(), None);
        assert_eq!(params.one("none").ok().flatten(), None);
    }
}
