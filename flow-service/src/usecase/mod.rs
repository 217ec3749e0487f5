//! What flow-service can be asked to do: one file per verb.

pub(crate) mod compile_drawing;
pub(crate) mod create_flow;
pub(crate) mod create_third_party;
pub(crate) mod list_online;
pub(crate) mod online_third_party;
pub(crate) mod publish_flow;
pub(crate) mod sweep;
pub(crate) mod sync_form;
pub(crate) mod update_flow;

use shared::clock::Clock;
use shared::db::Database;

use crate::ports::directory::Directory;

/// What every use case may use.
pub(crate) struct Ctx {
    pub(crate) db: Database,
    pub(crate) clock: Clock,
    pub(crate) directory: Directory,
}
