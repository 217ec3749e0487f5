//! What sso-service can be asked to do: one file per verb.

pub(crate) mod change_application;
pub(crate) mod create_application;
pub(crate) mod create_enterprise;
pub(crate) mod issue_dingtalk_token;
pub(crate) mod list_applications;
pub(crate) mod record_refusals;
pub(crate) mod rotate_secret;
pub(crate) mod set_dingtalk;
pub(crate) mod show_credential;
pub(crate) mod sweep;
pub(crate) mod use_nonce;

use serde_json::Value;
use shared::clock::Clock;
use shared::db::Database;
use shared::id::Tenant;

use crate::store::audit::Record;
use crate::store::seal::Sealer;

/// What every use case may use.
pub(crate) struct Ctx {
    pub(crate) db: Database,
    pub(crate) clock: Clock,
    pub(crate) sealer: Sealer,
    pub(crate) dingtalk: shared::dingtalk::Client,
}

/// An audit line about something an administrator did.
fn by_admin(tenant: &Tenant, action: &'static str, detail: Value) -> Vec<Record> {
    vec![Record {
        tenant: tenant.to_string(),
        actor: "aiflow-admin".to_owned(),
        action,
        request_id: shared::http::request_id::current(),
        detail,
    }]
}
