//! What flow-service tells: a flow went online.

use serde::{Deserialize, Serialize};

use super::{Entry, Event};

/// A version of a flow is the online one now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FlowPublished {
    /// The enterprise's code.
    pub tenant: String,
    /// The application that owns the flow.
    pub app: String,
    /// The flow.
    pub flow_code: String,
    /// The version that is online.
    pub version: i32,
    /// The flow's title.
    pub title: String,
    /// The ERP's page for an order, on a PC.
    pub detail_web_url: String,
    /// The ERP's page for an order, on a phone.
    pub detail_h5_url: String,
    /// Rises with every change of the flow: an older fact changes nothing.
    pub revision: i64,
}

impl Event for FlowPublished {
    const TOPIC: &'static str = "flow.published";

    fn key(&self) -> String {
        format!("{}/{}", self.tenant, self.flow_code)
    }
}

/// Whose online flows are wanted; asked of flow-service, never announced.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListOnline {
    /// The application.
    pub app: String,
}

pub(super) fn entry() -> Entry {
    let example = FlowPublished {
        tenant: "COMPANY001".into(),
        app: "APP001".into(),
        flow_code: "SALES_ORDER".into(),
        version: 1,
        title: "销售订单审批流程".into(),
        detail_web_url: "https://odoo.example.com/web/sales/detail".into(),
        detail_h5_url: "https://odoo.example.com/h5/sales/detail".into(),
        revision: 2,
    };
    Entry {
        topic: FlowPublished::TOPIC,
        publisher: "flow-service",
        consumers: "task-service",
        meaning: "A version of a flow is the online one now.",
        example: serde_json::to_value(example).unwrap_or_default(),
    }
}
