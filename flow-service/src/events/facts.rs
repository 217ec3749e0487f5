//! Our flows in the words of the contract.

use shared::contract::flow::FlowPublished;
use shared::id::{AppId, FlowCode, Tenant};

use crate::domain::third_party::Content;
use crate::domain::version::Version;

/// A version that is online now.
pub(crate) fn flow_published(
    tenant: &Tenant,
    app: &AppId,
    code: &FlowCode,
    online: &Version<Content>,
    revision: i64,
) -> FlowPublished {
    FlowPublished {
        tenant: tenant.to_string(),
        app: app.to_string(),
        flow_code: code.to_string(),
        version: online.number,
        title: online.content.title.clone(),
        detail_web_url: online.content.detail.web.clone(),
        detail_h5_url: online.content.detail.h5.clone(),
        revision,
    }
}
