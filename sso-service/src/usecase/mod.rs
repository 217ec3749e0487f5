//! What sso-service can be asked to do: one file per verb.

pub(crate) mod ask_dingtalk;
pub(crate) mod ask_erp;
pub(crate) mod bind_person;
pub(crate) mod change_application;
pub(crate) mod create_application;
pub(crate) mod create_enterprise;
pub(crate) mod end_session;
pub(crate) mod finish_login;
pub(crate) mod forget_binding;
pub(crate) mod issue_dingtalk_token;
pub(crate) mod list_applications;
pub(crate) mod list_logins;
pub(crate) mod open_session;
pub(crate) mod record_refusals;
pub(crate) mod refresh_token;
pub(crate) mod rotate_key;
pub(crate) mod rotate_secret;
pub(crate) mod set_dingtalk;
pub(crate) mod set_provider;
pub(crate) mod show_credential;
pub(crate) mod show_provider;
pub(crate) mod start_dingtalk;
pub(crate) mod start_login;
pub(crate) mod sweep;
pub(crate) mod update_people;
pub(crate) mod use_keys;
pub(crate) mod use_login;
pub(crate) mod use_nonce;
pub(crate) mod verify_session;

use secrecy::SecretString;
use serde_json::Value;
use shared::clock::Clock;
use shared::db::Database;
use shared::id::Tenant;

use crate::config::{Public, Session};
use crate::ports::directory::Directory;
use crate::ports::erp_oauth::ErpOauth;
use crate::store::audit::Record;
use crate::store::seal::Sealer;

/// What every use case may use.
pub(crate) struct Ctx {
    pub(crate) db: Database,
    pub(crate) clock: Clock,
    pub(crate) sealer: Sealer,
    pub(crate) dingtalk: shared::dingtalk::Client,
    pub(crate) erp: ErpOauth,
    pub(crate) directory: Directory,
    pub(crate) keyring: use_keys::Keyring,
    /// How people and ERPs see the house.
    pub(crate) public: Public,
    pub(crate) session: Session,
    /// What proves one service to another; also makes the word against forged writes.
    pub(crate) internal_key: SecretString,
}

/// An audit line about something an administrator did.
fn by_admin(tenant: &Tenant, action: &'static str, detail: Value) -> Vec<Record> {
    by(tenant, "aiflow-admin", action, detail)
}

/// An audit line about what somebody did, or what was done with them.
fn by(tenant: &Tenant, actor: &str, action: &'static str, detail: Value) -> Vec<Record> {
    vec![Record {
        tenant: tenant.to_string(),
        actor: actor.to_owned(),
        action,
        request_id: shared::http::request_id::current(),
        detail,
    }]
}
