//! Asks the ERP who a code stands for.

use serde_json::json;

use super::Ctx;
use super::bind_person::Somebody;
use super::start_login::redirect_uri;
use super::use_login::Halt;
use crate::domain::login::Reason;
use crate::ports::erp_oauth::{Grant, Trouble};
use crate::store::logins::Login;
use crate::store::providers;

/// Somebody, and the tokens that the ERP gave us for them.
pub(super) async fn ask_erp(
    ctx: &Ctx,
    login: &Login,
    code: &str,
) -> Result<(Somebody, Option<String>), Halt> {
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
    Ok((somebody, Some(signed_in.tokens)))
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
