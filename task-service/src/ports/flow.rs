//! flow-service: which flows are online, and our own engine.

use shared::code::Code;
use shared::contract::flow::{FlowPublished, ListOnline};
use shared::contract::order::{OperateTask, OperationDone};
use shared::http::client::{self, Peer};
use shared::id::{AppId, Tenant};
use shared::identity::Caller;

use crate::error::Error;

/// Asks flow-service.
pub(crate) struct Flows {
    /// With little patience: our copy has to do otherwise.
    pub(crate) asked: Peer,
    /// With the patience that a decision needs.
    pub(crate) decided: Peer,
}

impl Flows {
    /// The online flows of an application.
    pub(crate) async fn list_online(
        &self,
        tenant: &Tenant,
        app: &AppId,
    ) -> Result<Vec<FlowPublished>, client::Error> {
        let caller = Caller::service(tenant.clone(), "task");
        self.asked
            .post(&caller, "/internal/flows/online", &ListOnline { app: app.to_string() })
            .await
    }

    /// Has something done with a task or an order; gives what became true. A refusal is
    /// flow-service's own.
    pub(crate) async fn operate_task(
        &self,
        tenant: &Tenant,
        wanted: &OperateTask,
    ) -> Result<OperationDone, Error> {
        let caller = Caller::service(tenant.clone(), "task");
        match self.decided.post(&caller, "/internal/task/operate", wanted).await {
            Ok(done) => Ok(done),
            Err(away) => Err(refusal(away)),
        }
    }
}

/// A refusal keeps its code and words; whatever else comes back means that flow-service is away.
fn refusal(error: client::Error) -> Error {
    match error {
        client::Error::Refused { code, message, details } => match Code::named(&code) {
            Some(code) if code.http() == 200 || code == Code::Internal => {
                Error::Flow { code, message, details }
            }
            Some(_) | None => Error::FlowAway(client::Error::Refused { code, message, details }),
        },
        away => Error::FlowAway(away),
    }
}
