//! What sync-service can be asked to do: one file per verb.

pub(crate) mod bind_user;
pub(crate) mod find_people;
pub(crate) mod list_users;
pub(crate) mod match_people;
pub(crate) mod resolve_directory;
pub(crate) mod show_department_tree;
pub(crate) mod sweep;
pub(crate) mod sync_departments;
pub(crate) mod sync_users;

use shared::db::{Conn, Database};
use shared::id::Tenant;

use crate::error::Error;
use crate::store::directories::{self, Directory};

/// What every use case may use.
pub(crate) struct Ctx {
    pub(crate) db: Database,
}

/// Locks the directory for a write of the ERP; refused where DingTalk is the source.
async fn lock_for_erp(tx: &Conn, tenant: &Tenant) -> Result<Directory, Error> {
    let directory = directories::load(tx, tenant).await?;
    if directory.source == "erp" { Ok(directory) } else { Err(Error::OtherSource) }
}
