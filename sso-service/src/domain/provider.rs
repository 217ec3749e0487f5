//! How an enterprise's ERP signs people in: three addresses, a client, and the dialect it speaks.

use shared::id::Tenant;
use url::Url;

use super::application::Secret;

/// The longest address.
const URL_MAX_CHARS: usize = 1_000;

/// An enterprise's OAuth2 provider.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    pub(crate) tenant: Tenant,
    pub(crate) authorize_url: Endpoint,
    pub(crate) token_url: Endpoint,
    pub(crate) userinfo_url: Endpoint,
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
    pub(crate) scope: String,
    pub(crate) dialect: Dialect,
    pub(crate) pkce: bool,
    pub(crate) bind_by_email: bool,
    pub(crate) auto_create: bool,
    pub(crate) enabled: bool,
}

/// How the token address is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// camelCase JSON, as the interface document says.
    Json,
    /// snake_case form, as RFC 6749 says; the secret in the body.
    Form,
}

/// An address of the provider: absolute, http or https.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint(Url);

/// Why a provider cannot be so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "应为完整的 http(s) 地址，不能含用户名、密码或 # 片段，且不超过 {URL_MAX_CHARS} 个字符"
    )]
    Address,
    #[error("应为 json 或 form")]
    Dialect,
}

impl Dialect {
    pub(crate) const ALL: [(&'static str, Dialect); 2] =
        [("json", Dialect::Json), ("form", Dialect::Form)];

    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let found = Self::ALL.iter().find(|(word, _)| *word == text);
        found.map(|(_, dialect)| *dialect).ok_or(Refusal::Dialect)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Dialect::Json => "json",
            Dialect::Form => "form",
        }
    }
}

impl Endpoint {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let url = Url::parse(text).or(Err(Refusal::Address))?;
        let fits = text.chars().count() <= URL_MAX_CHARS
            && matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none();
        if fits { Ok(Self(url)) } else { Err(Refusal::Address) }
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The address with these parts in its query; blanks as `%20`, which every reader understands.
    pub(crate) fn with_query(&self, parts: &[(&str, &str)]) -> String {
        let mut url = self.0.clone();
        url.query_pairs_mut().extend_pairs(parts);
        // In a form a literal plus is `%2B`, so each plus that is left is a blank.
        let query = url.query().unwrap_or_default().replace('+', "%20");
        url.set_query(Some(&query));
        url.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_absolute_and_bare() {
        for fits in
            ["https://odoo.example.com/odoo/api/oauth2/authorize", "http://10.0.0.5:8069/x?db=1"]
        {
            assert!(Endpoint::parse(fits).is_ok(), "{fits}");
        }
        let long = format!("https://a.example/{}", "x".repeat(1_000));
        for wrong in [
            "",
            "/x",
            "ftp://a/x",
            "javascript:alert(1)",
            "https://u:p@a/x",
            "https://a/x#y",
            &long,
        ] {
            assert_eq!(Endpoint::parse(wrong), Err(Refusal::Address), "{wrong}");
        }
    }

    #[test]
    fn a_query_is_added_to_the_one_that_is_there() {
        let endpoint = Endpoint::parse("https://a.example/x?db=main").unwrap();

        let url = endpoint
            .with_query(&[("scope", "openid corpid"), ("redirect_uri", "https://b/c?d=e+f")]);

        assert_eq!(
            url,
            "https://a.example/x?db=main&scope=openid%20corpid&redirect_uri=https%3A%2F%2Fb%2Fc%3Fd%3De%2Bf"
        );
    }
}
