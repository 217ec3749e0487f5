//! The browser is back from the ERP: who is it, and a session for them.

use serde_json::json;

use super::Ctx;
use super::bind_person::{Somebody, bind_person};
use super::open_session::{Opening, Tokens, open_session};
use super::start_login::redirect_uri;
use super::use_login::{self, Callback, Finished, Halt};
use crate::domain::login::{Kind, Reason};
use crate::error::Error;
use crate::ports::erp_oauth::{Grant, Trouble};
use crate::store::logins::Login;
use crate::store::providers;

/// The attempt is used up first; nothing is asked of the ERP for one that is not good.
pub(crate) async fn finish_login(ctx: &Ctx, callback: Callback) -> Result<Finished, Error> {
    let login = match use_login::use_login(ctx, &callback, &[Kind::Erp]).await? {
        Ok(login) => login,
        Err(reason) => {
            tracing::info!(reason = reason.word(), "sign-in refused");
            return Ok(Finished::Refused { reason, enterprise: None });
        }
    };
    let outcome = sign_in(ctx, &login, &callback).await;
    use_login::conclude(ctx, login, outcome).await
}

async fn sign_in(ctx: &Ctx, login: &Login, callback: &Callback) -> Result<Tokens, Halt> {
    let code = use_login::code_of(callback)?;
    let conn = ctx.db.connection().await?;
    let provider = providers::show(&conn, &ctx.sealer, &login.tenant).await?;
    drop(conn);
    let provider = provider
        .filter(|provider| provider.enabled)
        .ok_or_else(|| Halt::refused(Reason::NotConfigured, json!({})))?;
    let redirect_uri = redirect_uri(ctx);
    let verifier = login.verifier.as_deref();
    let grant = Grant { code, redirect_uri: &redirect_uri, verifier };
    let signed_in = ctx.erp.sign_in(&provider, grant).await.map_err(halt)?;
    let somebody = Somebody {
        identity: signed_in.identity,
        by_email: provider.bind_by_email,
        auto_create: provider.auto_create,
    };
    let bound = bind_person(ctx, login, somebody).await?;
    let former = use_login::former_session(ctx, callback).await?;
    open_session(ctx, Opening { login, bound, former, erp_tokens: Some(signed_in.tokens) }).await
}

fn halt(trouble: Trouble) -> Halt {
    let reason = match trouble {
        Trouble::Away(_) => Reason::ProviderUnavailable,
        Trouble::Client(_) => Reason::NotConfigured,
        Trouble::Code(_) => Reason::CodeInvalid,
        Trouble::Wrong(_) => Reason::ProviderFailed,
    };
    match trouble {
        // Nobody of this enterprise can sign in until somebody mends it.
        Trouble::Client(_) => tracing::error!(cause = %trouble, "the ERP refuses our client"),
        Trouble::Away(_) | Trouble::Code(_) | Trouble::Wrong(_) => {
            tracing::warn!(cause = %trouble, "the ERP did not say who it is");
        }
    }
    Halt::refused(reason, json!({"cause": trouble.to_string()}))
}
