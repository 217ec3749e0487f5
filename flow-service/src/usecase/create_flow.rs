//! Defines a flow that runs here (E 5.1.1).

use sha2::{Digest, Sha256};
use shared::id::{AppId, FlowCode, Tenant};
use uuid::Uuid;

use super::Ctx;
use super::compile_drawing::read_drawing;
use crate::domain::definition::Definition;
use crate::domain::version::{Drafted, Flow};
use crate::error::Error;
use crate::store::definitions::{self, Made};

/// A draft, version 1. A code that is there is taken; the very same request again is not refused.
pub(crate) async fn create_flow(
    ctx: &Ctx,
    tenant: &Tenant,
    app: &AppId,
    code: &FlowCode,
    definition: Definition,
) -> Result<i32, Error> {
    read_drawing(definition.xml.clone()).await?;
    let digest = digest(&definition);
    let request = shared::http::request_id::current().unwrap_or_default();
    let key = key_of(&[tenant.as_str(), app.as_str(), code.as_str(), &request, &digest]);
    let created = ctx
        .db
        .transaction(async |tx| {
            match definitions::create(tx, tenant, app, code, key).await? {
                Made::Before => {}
                Made::New => {
                    let flow = Flow { code: code.clone(), revision: 0, versions: Vec::new() };
                    if let Drafted::New(version) = flow.draft(digest, ctx.clock.now()) {
                        definitions::save_version(tx, tenant, code, &version, &definition).await?;
                    }
                }
            }
            Ok::<i32, Error>(1)
        })
        .await?;
    tracing::info!(flow = %code, "flow created");
    Ok(created)
}

/// What a version says, in one word: two versions with the same word say the same.
pub(super) fn digest(definition: &Definition) -> String {
    let schema = definition.schema.as_ref().map(ToString::to_string).unwrap_or_default();
    let form_code = definition.form_code.clone().unwrap_or_default();
    let mut hash = Sha256::new();
    for part in [&definition.name, &schema, &form_code, &definition.xml] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// An id made of texts: the same texts give the same id.
pub(super) fn key_of(parts: &[&str]) -> Uuid {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let bytes: [u8; 32] = hash.finalize().into();
    let mut key = [0; 16];
    key.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    Uuid::from_bytes(key)
}
