//! The browser is back from the ERP or from DingTalk: who is it, and a session for them.

use super::Ctx;
use super::ask_dingtalk::ask_dingtalk;
use super::ask_erp::ask_erp;
use super::bind_person::bind_person;
use super::open_session::{Opening, Tokens, open_session};
use super::use_login::{self, Callback, Finished, Halt};
use crate::domain::login::Kind;
use crate::error::Error;
use crate::store::logins::Login;

/// The attempt, which must be one of `kinds`, is used up first; nothing is asked of anybody for one
/// that is not good.
pub(crate) async fn finish_login(
    ctx: &Ctx,
    callback: Callback,
    kinds: &[Kind],
) -> Result<Finished, Error> {
    let login = match use_login::use_login(ctx, &callback, kinds).await? {
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
    let (somebody, erp_tokens) = match login.kind {
        Kind::Erp => ask_erp(ctx, login, code).await?,
        Kind::Dingtalk | Kind::DingtalkInside => (ask_dingtalk(ctx, login, code).await?, None),
    };
    let bound = bind_person(ctx, login, somebody).await?;
    let former = use_login::former_session(ctx, callback).await?;
    open_session(ctx, Opening { login, bound, former, erp_tokens }).await
}
