//! Asks DingTalk who a code stands for, one of its page or of its client.

use serde_json::json;
use shared::dingtalk::{Access, Trouble};

use super::Ctx;
use super::bind_person::Somebody;
use super::issue_dingtalk_token::issue_dingtalk_token;
use super::use_login::Halt;
use crate::domain::binding::Identity;
use crate::domain::login::{Kind, Reason};
use crate::error::Error;
use crate::ports::dingtalk::{App, DingPerson, person_inside, person_of_page};
use crate::store::dingtalk::{self, DingtalkApp};
use crate::store::enterprises;
use crate::store::logins::Login;

/// Somebody, found by the bound DingTalk user or the mobile alone.
pub(super) async fn ask_dingtalk(ctx: &Ctx, login: &Login, code: &str) -> Result<Somebody, Halt> {
    let conn = ctx.db.connection().await?;
    let is_enabled = enterprises::is_enabled(&conn, &login.tenant).await?;
    let app = dingtalk::show(&conn, &ctx.sealer, &login.tenant).await?;
    drop(conn);
    let (app, _) = app
        .filter(|_| is_enabled)
        .ok_or_else(|| Halt::refused(Reason::NotConfigured, json!({})))?;
    let person = ask(ctx, login, &app, code).await?;
    let identity = Identity {
        subject: person.userid,
        name: person.name,
        mobile: person.mobile,
        email: None,
        department: None,
    };
    Ok(Somebody { identity, by_email: false, auto_create: false })
}

/// Asks with the enterprise's token. A dead one is renewed once where no code was used up before it
/// was needed: inside the client it is the first thing that DingTalk looks at.
async fn ask(ctx: &Ctx, login: &Login, app: &DingtalkApp, code: &str) -> Result<DingPerson, Halt> {
    let access = token(ctx, login, None).await?;
    match person(ctx, login.kind, app, &access, code).await {
        Err(Trouble::Token { .. }) if login.kind == Kind::DingtalkInside => {
            let access = token(ctx, login, Some(&access.token)).await?;
            person(ctx, login.kind, app, &access, code).await.map_err(halt)
        }
        outcome => outcome.map_err(halt),
    }
}

async fn token(ctx: &Ctx, login: &Login, stale: Option<&str>) -> Result<Access, Halt> {
    match issue_dingtalk_token(ctx, &login.tenant, stale).await {
        Ok(Some(access)) => Ok(access),
        Ok(None) => Err(Halt::refused(Reason::NotConfigured, json!({}))),
        Err(Error::Dingtalk(trouble)) => Err(halt(trouble)),
        Err(error) => Err(Halt::Error(error)),
    }
}

async fn person(
    ctx: &Ctx,
    kind: Kind,
    app: &DingtalkApp,
    access: &Access,
    code: &str,
) -> Result<DingPerson, Trouble> {
    match kind {
        Kind::DingtalkInside => person_inside(&ctx.dingtalk, access, code).await,
        Kind::Dingtalk | Kind::Erp => {
            let app = App { key: &app.app_key, secret: &app.app_secret, corp_id: &app.corp_id };
            person_of_page(&ctx.dingtalk, &app, access, code).await
        }
    }
}

fn halt(trouble: Trouble) -> Halt {
    tracing::warn!(cause = %trouble, "DingTalk did not say who it is");
    let reason = match &trouble {
        Trouble::Away(_) | Trouble::Throttled { .. } => Reason::ProviderUnavailable,
        Trouble::Refused { code, .. } if is_about_the_code(code) => Reason::CodeInvalid,
        Trouble::Refused { .. } | Trouble::Token { .. } => Reason::ProviderFailed,
    };
    let code = match trouble {
        Trouble::Token { code } | Trouble::Throttled { code } | Trouble::Refused { code, .. } => {
            code
        }
        Trouble::Away(_) => "away".to_owned(),
    };
    Halt::refused(reason, json!({"cause": code}))
}

fn is_about_the_code(code: &str) -> bool {
    code == "40078" || code.starts_with("invalidParameter.authCode")
}
