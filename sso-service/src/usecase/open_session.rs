//! Opens a session: one transaction for the attempt, the session, its first refresh token and the
//! audit log.

use serde_json::json;
use shared::contract::directory::Person;
use shared::id::{Tenant, UserCode};
use shared::session::AccessClaims;
use uuid::Uuid;

use super::bind_person::Bound;
use super::use_keys::{self, Keys};
use super::use_login::Halt;
use super::{Ctx, by, end_session};
use crate::domain::binding::By;
use crate::domain::login::Reason;
use crate::error::Error;
use crate::store::logins::{self, Login};
use crate::store::sessions::NewSession;
use crate::store::{audit, bindings, people, refresh_tokens, seal, sessions};

/// What a session is opened from.
pub(crate) struct Opening<'a> {
    pub(crate) login: &'a Login,
    pub(crate) bound: Bound,
    /// The session that the browser has until now; it ends with the same commit.
    pub(crate) former: Option<Uuid>,
    pub(crate) erp_tokens: Option<String>,
}

/// What proves a session.
#[derive(Clone)]
pub(crate) struct Tokens {
    pub(crate) session: Uuid,
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) expires_in: i64,
}

/// Whose token it is.
pub(super) struct Bearer<'a> {
    pub(super) tenant: &'a Tenant,
    pub(super) user: &'a UserCode,
    pub(super) name: &'a str,
    pub(super) session: Uuid,
}

/// Nothing is left behind unless all of it is. The copy of the person is locked, so that whoever is
/// disabled at this moment either ends this session or prevents it.
pub(crate) async fn open_session(ctx: &Ctx, opening: Opening<'_>) -> Result<Tokens, Halt> {
    let Opening { login, bound, former, erp_tokens } = opening;
    let tenant = &login.tenant;
    let person = &bound.person;
    let keys = use_keys::keys(ctx).await?;
    let id = shared::id::new_id();
    let bearer = Bearer { tenant, user: &person.user, name: &person.name, session: id };
    let access = sign(ctx, &keys, &bearer)?;
    let refresh = seal::random_word();
    let copy = copy_of(&bound);
    let session = NewSession {
        id,
        tenant: tenant.clone(),
        user: person.user.clone(),
        name: person.name.clone(),
        source: login.kind.source(),
        erp_tokens,
    };
    ctx.db
        .transaction(async |tx| {
            if logins::finish(tx, &login.state_hash).await? != 1 {
                return Err(Halt::refused(Reason::StateExpired, json!({})));
            }
            people::save_all(tx, &[(tenant.as_str(), &copy)]).await?;
            if !people::is_active(tx, tenant, &person.user).await? {
                return Err(Halt::refused(Reason::PersonDisabled, json!({"user": person.user.as_str()})));
            }
            sessions::insert(tx, &ctx.sealer, &session, ctx.session.refresh_days).await?;
            refresh_tokens::insert(tx, seal::hash(&refresh), id).await?;
            if !matches!(person.by, By::Code | By::Bound) {
                let source = login.kind.source();
                bindings::save(tx, tenant, source, &bound.subject, &person.user).await?;
            }
            let ended = sessions::end(tx, former.into_iter().collect(), "replaced").await?;
            end_session::tell(tx, &ended, "replaced").await?;
            let detail = json!({"session": id.to_string(), "way": login.kind.as_str(), "by": person.by.as_str(),
                "subject": bound.subject, "otherDepartment": bound.other_department});
            audit::save_all(tx, by(tenant, person.user.as_str(), "login.finished", detail)).await?;
            if bound.created {
                let detail = json!({"subject": bound.subject, "department": person.department});
                audit::save_all(tx, by(tenant, person.user.as_str(), "login.created", detail)).await?;
            }
            Ok(())
        })
        .await?;
    tracing::info!(tenant = %tenant, user = %person.user, by = person.by.as_str(), "signed in");
    Ok(Tokens { session: id, access, refresh, expires_in: ctx.session.access_secs })
}

/// An access token for `bearer`, good from now on.
pub(super) fn sign(ctx: &Ctx, keys: &Keys, bearer: &Bearer<'_>) -> Result<String, Error> {
    let now = ctx.clock.now().timestamp();
    let claims = AccessClaims {
        iss: ctx.session.issuer.clone(),
        aud: shared::session::AUDIENCE.to_owned(),
        sub: bearer.user.to_string(),
        tenant: bearer.tenant.to_string(),
        sid: bearer.session.to_string(),
        name: bearer.name.to_owned(),
        iat: now,
        nbf: now,
        exp: now + ctx.session.access_secs,
        jti: shared::id::new_id().simple().to_string(),
    };
    Ok(keys.signer.sign(&claims)?)
}

/// What sync-service said of the person, as its events say it.
fn copy_of(bound: &Bound) -> Person {
    Person {
        user_code: bound.person.user.to_string(),
        name: bound.person.name.clone(),
        mobile: None,
        dingtalk_user_id: None,
        active: bound.person.active,
        revision: bound.person.revision,
        ..Person::default()
    }
}
