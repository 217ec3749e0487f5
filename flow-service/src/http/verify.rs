//! Whether histories are what was written, for `aiflow-admin verify`.

use actix_web::get;
use actix_web::web::Data;
use serde::Serialize;
use shared::http::body::Query;
use shared::http::fields::{Fields, Read};
use shared::http::reply::{Answer, Reply};
use shared::http::server::detached;
use shared::id::Tenant;
use shared::identity::Caller;
use shared::time;
use utoipa::{IntoParams, ToSchema};

use crate::usecase;
use crate::usecase::Ctx;
use crate::usecase::verify_order::Broken;

/// Whose orders.
#[derive(IntoParams)]
#[into_params(rename_all = "camelCase")]
pub(crate) struct VerifyOrderIn {
    #[param(value_type = String)]
    enterprise_code: Tenant,
    /// Only this one, which must be one that was started; absent = all.
    order_id: Option<i64>,
    /// Goes on after the order with this number: `next` of the page before.
    after: Option<i64>,
}

impl Read for VerifyOrderIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            enterprise_code: fields.code("enterpriseCode"),
            order_id: fields.optional_long("orderId"),
            after: fields.optional_long("after"),
        }
    }
}

/// One page of orders whose chains of hashes were computed anew.
#[derive(Serialize, ToSchema)]
pub(crate) struct VerifiedOut {
    /// Orders of this page.
    orders: usize,
    /// Their steps.
    steps: usize,
    broken: Vec<BrokenOut>,
    /// There are more orders: ask again with this as `after`.
    next: Option<i64>,
}

/// The first thing that is wrong with an order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BrokenOut {
    order_id: i64,
    /// `changed`: the step is not what was written, or one before it is missing. `unsealed`: its hash
    /// is gone. `end_differs`: steps at the end are missing or were added. `order_missing`: the order
    /// itself is gone.
    reason: &'static str,
    /// Which step of the order, from 1; absent where no single step is wrong.
    step: Option<i64>,
    /// Its number in the table.
    no: Option<i64>,
    at: Option<String>,
    act: Option<String>,
}

impl From<Broken> for BrokenOut {
    fn from(broken: Broken) -> Self {
        let Broken { order, flaw, step } = broken;
        Self {
            order_id: order,
            reason: flaw.word(),
            step: step.as_ref().map(|step| step.seq),
            no: step.as_ref().map(|step| step.no),
            at: step.as_ref().map(|step| time::format(step.at)),
            act: step.map(|step| step.act),
        }
    }
}

/// Whether what happened to the orders of an enterprise is still what was written.
#[utoipa::path(params(VerifyOrderIn), responses((status = 200, body = VerifiedOut)), tag = "admin")]
#[get("/aflow/api/admin/verify")]
pub(crate) async fn verify_order(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<VerifyOrderIn>,
) -> Answer<VerifiedOut> {
    caller.require_service()?;
    let VerifyOrderIn { enterprise_code: tenant, order_id, after } = query.read()?;
    let verified = detached(async move {
        let after = after.unwrap_or_default();
        usecase::verify_order::verify_order(&ctx, &tenant, order_id, after).await
    })
    .await?;
    Ok(Reply(VerifiedOut {
        orders: verified.orders,
        steps: verified.steps,
        broken: verified.broken.into_iter().map(BrokenOut::from).collect(),
        next: verified.next,
    }))
}
