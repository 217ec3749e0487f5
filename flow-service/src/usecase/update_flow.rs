//! Changes a flow that runs here (E 5.1.2): the draft on top, or a new draft.

use shared::id::{AppId, FlowCode, Tenant};

use super::Ctx;
use super::compile_drawing::read_drawing;
use super::create_flow::digest;
use crate::domain::definition::Revision;
use crate::domain::version::Revised;
use crate::error::Error;
use crate::store::definitions;

/// What is asked; `base` is the version that the caller saw.
pub(crate) struct UpdateFlow {
    pub(crate) code: FlowCode,
    pub(crate) base: Option<i32>,
    pub(crate) revision: Revision,
}

/// Gives the version that says this now.
pub(crate) async fn update_flow(
    ctx: &Ctx,
    tenant: &Tenant,
    app: &AppId,
    request: UpdateFlow,
) -> Result<i32, Error> {
    let UpdateFlow { code, base, revision } = request;
    if let Some(xml) = &revision.xml {
        read_drawing(xml.clone()).await?;
    }
    ctx.db
        .transaction(async |tx| {
            let flow = definitions::load(tx, tenant, app, &code).await?;
            let stored = definitions::show(tx, tenant, &code, None).await?;
            let stored = stored.ok_or_else(|| Error::UnknownFlow(code.to_string()))?;
            if base.is_some_and(|base| base != stored.number) {
                let (flow, newest) = (code.to_string(), stored.number);
                return Err(Error::VersionMoved { flow, newest });
            }
            let definition = stored.definition.revised(revision);
            let digest = digest(&definition);
            match flow.revise(digest.clone(), ctx.clock.now()) {
                Revised::Same(number) => Ok(number),
                Revised::Edited(number) => {
                    definitions::save_draft(tx, tenant, &code, number, &digest, &definition)
                        .await?;
                    Ok(number)
                }
                Revised::New(version) => {
                    definitions::save_version(tx, tenant, &code, &version, &definition).await?;
                    Ok(version.number)
                }
            }
        })
        .await
}
