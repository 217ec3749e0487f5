//! A form of the ERP (E 5.2): created, changed, deleted.

use shared::id::Tenant;

use super::Ctx;
use crate::error::Error;
use crate::store::forms;
pub(crate) use crate::store::forms::Form;

/// What is asked.
pub(crate) enum SyncForm {
    Create(Form),
    Update(Form),
    Delete(Form),
}

/// Creating what is there with the same schema, changing nothing and deleting what is not there are
/// successes.
pub(crate) async fn sync_form(ctx: &Ctx, tenant: &Tenant, request: SyncForm) -> Result<(), Error> {
    ctx.db
        .transaction(async |tx| match request {
            SyncForm::Create(form) => {
                if forms::insert(tx, tenant, &form).await? {
                    return Ok(());
                }
                match forms::find(tx, tenant, &form.code).await? {
                    Some(known) if known.app == form.app && known.schema == form.schema => Ok(()),
                    Some(_) | None => Err(Error::FormTaken(form.code)),
                }
            }
            SyncForm::Update(form) => {
                match forms::find(tx, tenant, &form.code).await? {
                    Some(known) if known.app == form.app => {
                        forms::save(tx, tenant, &form).await?;
                    }
                    Some(_) | None => return Err(Error::UnknownForm(form.code)),
                }
                Ok(())
            }
            SyncForm::Delete(form) => {
                match forms::find(tx, tenant, &form.code).await? {
                    None => return Ok(()),
                    Some(known) if known.app != form.app => {
                        return Err(Error::UnknownForm(form.code));
                    }
                    Some(_) => {}
                }
                if forms::is_used(tx, tenant, &form.code).await? {
                    return Err(Error::FormInUse(form.code));
                }
                forms::delete(tx, tenant, &form.code).await?;
                Ok(())
            }
        })
        .await
}
