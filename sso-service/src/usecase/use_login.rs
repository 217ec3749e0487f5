//! The browser is back: its attempt is used up, whatever comes of it; a refusal is written down.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Ctx, by};
use crate::domain::login::{Kind, Reason, is_code, is_word};
use crate::error::Error;
use crate::store::logins::{self, Login};
use crate::store::{audit, seal};

/// What the browser brings back.
#[derive(Default)]
pub(crate) struct Callback {
    pub(crate) state: Option<String>,
    pub(crate) code: Option<String>,
    /// The provider's word for why there is no code.
    pub(crate) error: Option<String>,
    /// What the browser holds since it began.
    pub(crate) browser: Option<String>,
    /// The refresh token of the session the browser has until now.
    pub(crate) former: Option<String>,
}

/// What came of it.
pub(crate) enum Finished {
    SignedIn { tokens: super::open_session::Tokens, return_to: String },
    Refused { reason: Reason, enterprise: Option<String> },
}

/// Why a sign-in ends before its end.
pub(crate) enum Halt {
    /// The person is told, and the reason is written down.
    Refused { reason: Reason, detail: Value },
    /// Something is in the way.
    Error(Error),
}

impl Halt {
    pub(crate) fn refused(reason: Reason, detail: Value) -> Self {
        Halt::Refused { reason, detail }
    }
}

impl<E: Into<Error>> From<E> for Halt {
    fn from(error: E) -> Self {
        Halt::Error(error.into())
    }
}

/// The attempt, which nobody can use again; or the reason why there is none for this browser.
pub(crate) async fn use_login(
    ctx: &Ctx,
    callback: &Callback,
    kinds: &[Kind],
) -> Result<Result<Login, Reason>, Error> {
    let words = (callback.state.as_deref(), callback.browser.as_deref());
    let (Some(state), Some(browser)) = words else { return Ok(Err(Reason::StateInvalid)) };
    if !is_word(state) || !is_word(browser) {
        return Ok(Err(Reason::StateInvalid));
    }
    let (state, browser) = (seal::hash(state), seal::hash(browser));
    let conn = ctx.db.connection().await?;
    match logins::use_up(&conn, &ctx.sealer, &state, &browser, kinds).await? {
        Some(login) => Ok(Ok(login)),
        None if logins::is_of(&conn, &state, &browser).await? => Ok(Err(Reason::StateExpired)),
        None => Ok(Err(Reason::StateInvalid)),
    }
}

/// The code, or why the provider gave none.
pub(crate) fn code_of(callback: &Callback) -> Result<&str, Halt> {
    if let Some(error) = &callback.error {
        let word: String = error.chars().filter(char::is_ascii_graphic).take(64).collect();
        return Err(Halt::refused(Reason::of_provider(error), json!({"error": word})));
    }
    match callback.code.as_deref() {
        Some(code) if is_code(code) => Ok(code),
        Some(_) | None => Err(Halt::refused(Reason::CodeInvalid, json!({}))),
    }
}

/// What came of the attempt: a session, or a refusal that is in the audit log.
pub(crate) async fn conclude(
    ctx: &Ctx,
    login: Login,
    outcome: Result<super::open_session::Tokens, Halt>,
) -> Result<Finished, Error> {
    match outcome {
        Ok(tokens) => Ok(Finished::SignedIn { tokens, return_to: login.return_to }),
        Err(Halt::Error(error)) => Err(error),
        Err(Halt::Refused { reason, mut detail }) => {
            let tenant = &login.tenant;
            tracing::info!(tenant = %tenant, reason = reason.word(), detail = %detail, "sign-in refused");
            if let Some(members) = detail.as_object_mut() {
                members.insert("reason".to_owned(), json!(reason.word()));
                members.insert("way".to_owned(), json!(login.kind.as_str()));
            }
            let is_ambiguous = reason == Reason::PersonAmbiguous;
            let action = if is_ambiguous { "login.ambiguous" } else { "login.refused" };
            let conn = ctx.db.connection().await?;
            audit::save_all(&conn, by(tenant, "-", action, detail)).await?;
            Ok(Finished::Refused { reason, enterprise: Some(tenant.to_string()) })
        }
    }
}

/// The session that the browser has until now.
pub(crate) async fn former_session(ctx: &Ctx, callback: &Callback) -> Result<Option<Uuid>, Error> {
    let Some(token) = &callback.former else { return Ok(None) };
    let conn = ctx.db.connection().await?;
    Ok(crate::store::refresh_tokens::find_session(&conn, &seal::hash(token)).await?)
}
