//! Lists enterprises and applications, without secrets.

use super::Ctx;
use crate::error::Error;
use crate::store::applications::ListedRow;
use crate::store::enterprises::EnterpriseRow;
use crate::store::{applications, enterprises};

/// All enterprises and all applications.
pub(crate) async fn list_applications(
    ctx: &Ctx,
) -> Result<(Vec<EnterpriseRow>, Vec<ListedRow>), Error> {
    let conn = ctx.db.connection().await?;
    Ok((enterprises::list(&conn).await?, applications::list(&conn).await?))
}
