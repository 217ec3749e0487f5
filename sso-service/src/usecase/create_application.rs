//! Creates an application with a secret that is shown once.

use serde_json::json;
use shared::contract::access::ApplicationChanged;
use shared::id::{AppId, Tenant};
use shared::outbox;

use super::{Ctx, by_admin};
use crate::domain::application::{Application, Secret, Switches};
use crate::error::Error;
use crate::store::applications::Inserted;
use crate::store::{applications, audit, enterprises, seal};

/// What is asked.
pub(crate) struct CreateApplication {
    pub(crate) app: AppId,
    pub(crate) name: String,
    /// A secret chosen outside, for a move from another system; absent = one is made.
    pub(crate) secret: Option<Secret>,
    pub(crate) switches: Switches,
}

/// The secret, in the clear, for the only time.
pub(crate) async fn create_application(
    ctx: &Ctx,
    tenant: &Tenant,
    request: CreateApplication,
) -> Result<Secret, Error> {
    let secret = request.secret.unwrap_or_else(|| Secret::stored(seal::random_secret()));
    let application = Application {
        tenant: tenant.clone(),
        app: request.app,
        name: request.name,
        enabled: true,
        switches: request.switches,
        secret: secret.clone(),
        previous: None,
    };
    ctx.db
        .transaction(async |tx| {
            if !enterprises::exists(tx, tenant).await? {
                return Err(Error::UnknownEnterprise(tenant.to_string()));
            }
            if applications::insert(tx, &ctx.sealer, &application).await? == Inserted::Existing {
                return Err(Error::ApplicationExists(application.app.to_string()));
            }
            let app = application.app.to_string();
            audit::save_all(tx, by_admin(tenant, "create_application", json!({"app": app})))
                .await?;
            // A gateway may remember that it was unknown.
            outbox::announce(
                tx,
                &ApplicationChanged { tenant: tenant.to_string(), app: Some(app) },
            )
            .await?;
            Ok(())
        })
        .await?;
    Ok(secret)
}
