//! Puts a version of a flow that runs here online (E 5.1.3).

use shared::db::Conn;
use shared::id::{AppId, FlowCode, Tenant};

use super::Ctx;
use super::compile_drawing::compile_drawing;
use crate::domain::definition::{self, Drawing};
use crate::domain::version::Onlined;
use crate::error::Error;
use crate::store::definitions::{self, Stored, Uses};
use crate::store::{flows, forms};

/// How often a draft may be changed under our hands.
const MOST_ROUNDS: usize = 5;

/// What is asked; no version = the newest.
pub(crate) struct PublishFlow {
    pub(crate) code: FlowCode,
    pub(crate) version: Option<i32>,
    pub(crate) update_desc: Option<String>,
}

/// The drawing is checked before the transaction; orders that run stay on their version. Repeating
/// it changes nothing.
pub(crate) async fn publish_flow(
    ctx: &Ctx,
    tenant: &Tenant,
    app: &AppId,
    request: PublishFlow,
) -> Result<(), Error> {
    for _ in 0..MOST_ROUNDS {
        let conn = ctx.db.connection().await?;
        let stored = definitions::show(&conn, tenant, &request.code, request.version).await?;
        drop(conn);
        let Some(stored) = stored else {
            return Err(missing(ctx, tenant, app, &request).await?);
        };
        let drawing = compile_drawing(stored.definition.xml.clone()).await?;
        if !drawing.faults.is_empty() {
            return Err(Error::BadDrawing(drawing.faults));
        }
        if put_online(ctx, tenant, app, &request, &stored, &drawing).await? {
            tracing::info!(flow = %request.code, version = stored.number, "flow online");
            return Ok(());
        }
    }
    Err(Error::VersionMoved { flow: request.code.to_string(), newest: 0 })
}

/// Says what of the request is not there. A version that a flow of the ERP does not have is missing,
/// one that it has is of the wrong kind.
async fn missing(
    ctx: &Ctx,
    tenant: &Tenant,
    app: &AppId,
    request: &PublishFlow,
) -> Result<Error, Error> {
    let version = request.version.unwrap_or_default();
    ctx.db
        .transaction(async |tx| {
            let unknown = || Error::UnknownVersion { flow: request.code.to_string(), version };
            match definitions::load(tx, tenant, app, &request.code).await {
                Ok(_) => Ok(unknown()),
                Err(error @ Error::NotNative(_)) => {
                    let has_it =
                        flows::has_version(tx, tenant, &request.code, request.version).await?;
                    Ok(if has_it { error } else { unknown() })
                }
                Err(error) => Err(error),
            }
        })
        .await
}

/// `false` when the draft is not what was checked any longer.
async fn put_online(
    ctx: &Ctx,
    tenant: &Tenant,
    app: &AppId,
    request: &PublishFlow,
    stored: &Stored,
    drawing: &Drawing,
) -> Result<bool, Error> {
    ctx.db
        .transaction(async |tx| {
            let flow = definitions::load(tx, tenant, app, &request.code).await?;
            let target = flow.version(Some(stored.number))?;
            let Some(target) = target.filter(|target| target.content == stored.digest) else {
                return Ok(false);
            };
            let now = ctx.clock.now();
            if let Onlined::Changed(changed) = flow.online(target, request.update_desc.clone(), now)
                && let Some(online) = changed.first()
            {
                let uses = uses(tx, tenant, stored, drawing).await?;
                flows::save_online(tx, tenant, &request.code, online).await?;
                definitions::save_uses(tx, tenant, &request.code, online.number, uses, now).await?;
            }
            Ok::<_, Error>(true)
        })
        .await
}

/// What the version uses; the form that it only names is copied now.
async fn uses<'a>(
    tx: &Conn,
    tenant: &Tenant,
    stored: &Stored,
    drawing: &'a Drawing,
) -> Result<Uses<'a>, Error> {
    let definition = &stored.definition;
    let named = drawing.form_keys.iter().chain(&definition.form_code).cloned().collect();
    let known = forms::list(tx, tenant, named).await?;
    let mut schema = None;
    if let Some(code) = &definition.form_code {
        let form = known.iter().find(|form| form.code == *code);
        let form = form.ok_or_else(|| Error::UnknownForm(code.clone()))?;
        if definition.schema.is_none() {
            schema = Some(form.schema.clone());
        }
    }
    Ok(Uses {
        processes: drawing.processes.iter().map(|process| process.id()).collect(),
        forms: known.into_iter().map(|form| form.code).collect(),
        points: definition::start_points(&drawing.processes),
        schema,
    })
}
