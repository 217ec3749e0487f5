//! What only services of the house may ask.

use std::collections::BTreeMap;

use actix_web::get;
use actix_web::web::Data;
use serde::Serialize;
use shared::http::body::Query;
use shared::http::fields::{Fields, Read};
use shared::http::reply::{Answer, Reply};
use shared::http::server::detached;
use shared::id::Tenant;
use shared::identity::Caller;

use crate::usecase;
use crate::usecase::Ctx;

/// Of which enterprise; absent = of all.
pub(crate) struct CountDeliveriesIn {
    enterprise_code: Option<Tenant>,
}

impl Read for CountDeliveriesIn {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { enterprise_code: fields.optional_code("enterpriseCode") }
    }
}

/// How many deliveries stand where.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CountsOut {
    /// Those with something left to do; 0 = quiet.
    pending: i64,
    by_state: BTreeMap<String, i64>,
    /// How many pushes to ERPs stand where.
    pushes: BTreeMap<String, i64>,
}

#[get("/internal/counts")]
pub(crate) async fn count_deliveries(
    ctx: Data<Ctx>,
    caller: Caller,
    query: Query<CountDeliveriesIn>,
) -> Answer<CountsOut> {
    caller.require_service()?;
    let tenant = query.read()?.enterprise_code;
    let (counts, pushes) = detached(async move {
        let counts = usecase::count_deliveries::count_deliveries(&ctx, tenant.clone()).await?;
        Ok::<_, crate::error::Error>((
            counts,
            usecase::list_pushes::count_pushes(&ctx, tenant).await?,
        ))
    })
    .await?;
    Ok(Reply(CountsOut {
        pending: counts.iter().map(|count| count.pending).sum(),
        by_state: counts.into_iter().map(|count| (count.state, count.total)).collect(),
        pushes: pushes.into_iter().map(|count| (count.state, count.total)).collect(),
    }))
}
