//! Somebody wants to sign in: off to the ERP.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use shared::id::Tenant;

use super::Ctx;
use crate::domain::login::{Kind, Reason, return_path};
use crate::error::Error;
use crate::store::logins::{self, Login};
use crate::store::{providers, seal};

/// What is asked.
pub(crate) struct StartLogin {
    /// Absent = the only enterprise whose people can sign in.
    pub(crate) enterprise: Option<String>,
    pub(crate) return_to: String,
    /// What the browser holds, and must hold when it comes back.
    pub(crate) browser: String,
}

/// Where the browser goes.
pub(crate) enum Started {
    Away(String),
    Refused(Reason),
}

/// Writes the attempt down and gives the ERP's page. An unknown enterprise and one without sign-in
/// look the same.
pub(crate) async fn start_login(ctx: &Ctx, request: StartLogin) -> Result<Started, Error> {
    let conn = ctx.db.connection().await?;
    let tenant = match request.enterprise {
        Some(code) => Tenant::parse(&code).ok(),
        None => match providers::list_open(&conn).await?.as_slice() {
            [only] => Some(only.clone()),
            _ => return Ok(Started::Refused(Reason::EnterpriseMissing)),
        },
    };
    let Some(tenant) = tenant else { return Ok(Started::Refused(Reason::NotConfigured)) };
    let provider = providers::show(&conn, &ctx.sealer, &tenant).await?;
    let Some(provider) = provider.filter(|provider| provider.enabled) else {
        return Ok(Started::Refused(Reason::NotConfigured));
    };
    let state = seal::random_word();
    let verifier = provider.pkce.then(seal::random_word);
    let challenge =
        verifier.as_deref().map(|verifier| URL_SAFE_NO_PAD.encode(seal::hash(verifier)));
    let login = Login {
        state_hash: seal::hash(&state),
        tenant,
        kind: Kind::Erp,
        verifier,
        return_to: return_path(&request.return_to),
    };
    logins::insert(&conn, &ctx.sealer, &login, seal::hash(&request.browser)).await?;
    let redirect_uri = redirect_uri(ctx);
    let mut parts = vec![
        ("client_id", provider.client_id.as_str()),
        ("redirect_uri", redirect_uri.as_str()),
        ("response_type", "code"),
        ("scope", provider.scope.as_str()),
        ("state", state.as_str()),
    ];
    if let Some(challenge) = &challenge {
        parts.extend([("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")]);
    }
    Ok(Started::Away(provider.authorize_url.with_query(&parts)))
}

/// Where the ERP sends the browser back to; the same at both ends of the exchange.
pub(super) fn redirect_uri(ctx: &Ctx) -> String {
    format!("{}/aflow/api/oauth2/callback", ctx.public.origin())
}

/// A word for a browser that has none yet.
pub(crate) fn fresh_word() -> String {
    seal::random_word()
}
