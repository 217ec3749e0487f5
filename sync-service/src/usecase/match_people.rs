//! Tells sso-service who somebody who signs in may be, and creates them where that is asked for.

use shared::db::Conn;
use shared::id::Tenant;
use shared::outbox;

use super::{Ctx, lock_for_erp};
use crate::domain::sign_in::{Newcomer, spellings};
use crate::domain::user::Staff;
use crate::error::Error;
use crate::events::facts;
pub(crate) use crate::store::matches::{Found, Wanted};
use crate::store::{departments, matches, users};

/// What is asked; each part that is there is looked for.
pub(crate) struct MatchPeople {
    pub(crate) user_code: Option<String>,
    pub(crate) bound_user_code: Option<String>,
    pub(crate) mobile: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) dingtalk_user_id: Option<String>,
    pub(crate) dingtalk_mobile: Option<String>,
    pub(crate) department: Option<String>,
    /// To be created in `department` when nobody is found.
    pub(crate) newcomer: Option<Newcomer>,
}

/// Who was found.
pub(crate) struct Matches {
    pub(crate) found: Vec<Found>,
    pub(crate) department: Option<String>,
    pub(crate) created: bool,
    pub(crate) refused: Option<&'static str>,
}

/// Looks without a lock; only where somebody is to be created, again under the directory's lock.
pub(crate) async fn match_people(
    ctx: &Ctx,
    tenant: &Tenant,
    request: MatchPeople,
) -> Result<Matches, Error> {
    let numbers = |mobile: &Option<String>| mobile.as_deref().map(spellings).unwrap_or_default();
    let wanted = Wanted {
        code: request.user_code,
        bound: request.bound_user_code,
        mobiles: numbers(&request.mobile),
        email: request.email,
        dingtalk_user_id: request.dingtalk_user_id,
        dingtalk_mobiles: numbers(&request.dingtalk_mobile),
    };
    let conn = ctx.db.connection().await?;
    let found = matches::list(&conn, tenant, &wanted).await?;
    let department = match request.department {
        Some(name) => departments::find_id(&conn, tenant, &name).await?,
        None => None,
    };
    drop(conn);
    let known = Matches { found, department, created: false, refused: None };
    match request.newcomer {
        Some(newcomer) if known.found.is_empty() => {
            create(ctx, tenant, &wanted, newcomer, known).await
        }
        Some(_) | None => Ok(known),
    }
}

/// The same rules as for a row of the ERP; somebody else may have been faster.
async fn create(
    ctx: &Ctx,
    tenant: &Tenant,
    wanted: &Wanted,
    newcomer: Newcomer,
    known: Matches,
) -> Result<Matches, Error> {
    let Some(department) = known.department.clone() else {
        return Ok(Matches { refused: Some("DEPT_NOT_FOUND"), ..known });
    };
    ctx.db
        .transaction(async |tx| {
            let directory = lock_for_erp(tx, tenant).await?;
            let found = matches::list(tx, tenant, wanted).await?;
            if !found.is_empty() {
                return Ok(Matches { found, ..known });
            }
            let refused = add(tx, tenant, directory.revision, newcomer, department).await?;
            let found = matches::list(tx, tenant, wanted).await?;
            Ok(Matches { found, created: refused.is_none(), refused, ..known })
        })
        .await
}

/// Adds the person, or says why not.
async fn add(
    tx: &Conn,
    tenant: &Tenant,
    revision: i64,
    newcomer: Newcomer,
    department: String,
) -> Result<Option<&'static str>, Error> {
    let code = newcomer.code.clone();
    let holders = newcomer.mobile.as_deref().map(spellings).unwrap_or_default();
    let departments = std::collections::BTreeSet::from([department.clone()]);
    let staff =
        Staff::new(users::load_staff(tx, tenant, vec![code.clone()], holders).await?, departments);
    let batch = staff.absorb(vec![Ok(newcomer.proposal(department))], false);
    if let Some(failure) = batch.failures.first() {
        return Ok(Some(failure.code));
    }
    users::save_all(tx, tenant, revision, &batch.changed).await?;
    users::mark_signed_in(tx, tenant, &code).await?;
    outbox::announce_all(tx, &facts::people_changed(tenant, revision, &batch.changed)).await?;
    Ok(None)
}
