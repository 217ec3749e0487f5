//! Somebody wants to sign in with DingTalk: off to its page, or inside its client.

use shared::id::Tenant;

use super::Ctx;
use super::start_login::{StartLogin, Started};
use crate::domain::login::{Kind, Reason, return_path};
use crate::domain::provider::Endpoint;
use crate::error::Error;
use crate::store::dingtalk::{self, DingtalkApp};
use crate::store::logins::{self, Login};
use crate::store::{enterprises, seal};

/// What a page inside the client needs to ask for a code.
pub(crate) struct Inside {
    pub(crate) corp_id: String,
    pub(crate) client_id: String,
    pub(crate) state: String,
}

/// Writes the attempt down and gives DingTalk's page.
pub(crate) async fn start_dingtalk(ctx: &Ctx, request: StartLogin) -> Result<Started, Error> {
    let Some((app, state)) = begin(ctx, request, Kind::Dingtalk).await? else {
        return Ok(Started::Refused(Reason::NotConfigured));
    };
    let page = format!("{}/oauth2/auth", app.login_url.trim_end_matches('/'));
    let redirect_uri = format!("{}/aflow/api/oauth2/dingtalk/callback", ctx.public.origin());
    let parts = [
        ("redirect_uri", redirect_uri.as_str()),
        ("response_type", "code"),
        ("client_id", app.app_key.as_str()),
        ("scope", "openid corpid"),
        ("state", state.as_str()),
        ("prompt", "consent"),
    ];
    Ok(Started::Away(Endpoint::parse(&page)?.with_query(&parts)))
}

/// Writes the attempt down and gives what the client's own call needs; the code that it gives comes
/// back with this state, like any other.
pub(crate) async fn start_inside(ctx: &Ctx, request: StartLogin) -> Result<Inside, Error> {
    let begun = begin(ctx, request, Kind::DingtalkInside).await?;
    let (app, state) = begun.ok_or(Error::NoDingtalk)?;
    Ok(Inside { corp_id: app.corp_id, client_id: app.app_key, state })
}

async fn begin(
    ctx: &Ctx,
    request: StartLogin,
    kind: Kind,
) -> Result<Option<(DingtalkApp, String)>, Error> {
    let conn = ctx.db.connection().await?;
    let tenant = match request.enterprise {
        Some(code) => Tenant::parse(&code).ok(),
        None => match dingtalk::list_open(&conn).await?.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        },
    };
    let Some(tenant) = tenant else { return Ok(None) };
    if !enterprises::is_enabled(&conn, &tenant).await? {
        return Ok(None);
    }
    let Some((app, _)) = dingtalk::show(&conn, &ctx.sealer, &tenant).await? else {
        return Ok(None);
    };
    let state = seal::random_word();
    let login = Login {
        state_hash: seal::hash(&state),
        tenant,
        kind,
        verifier: None,
        return_to: return_path(&request.return_to),
    };
    logins::insert(&conn, &ctx.sealer, &login, seal::hash(&request.browser)).await?;
    Ok(Some((app, state)))
}
