//! A thousand people a call.

use std::sync::Arc;

use serde_json::json;

use crate::house::House;
use crate::load::{Signer, Source, Wire};

/// Whose people they are.
pub(crate) const TENANT: &str = "BENCHPEOPLE";

/// People in one call.
pub(crate) const PER_CALL: u64 = 1_000;

const PATH: &str = "/aflow/api/sys/sync/user";

fn body(call: u64) -> String {
    let mut body = String::with_capacity(200_000);
    body.push_str("{\"users\":[");
    for place in 0..PER_CALL {
        let number = call * PER_CALL + place;
        let comma = if place == 0 { "" } else { "," };
        body.push_str(&format!(
            "{comma}{{\"userId\":\"N{number}\",\"userName\":\"用户{place}\",\"realName\":\"用户{place}\",\
             \"email\":\"n{number}@example.com\",\"mobile\":\"{}\",\"deptId\":\"DEPT001\"}}",
            10_000_000_000 + number
        ));
    }
    body.push_str("]}");
    body
}

/// People nobody has heard of, with each request.
pub(crate) fn fresh(erp: &Signer) -> Source {
    let erp = erp.clone();
    Arc::new(move |number, into| erp.write("POST", PATH, body(number).as_bytes(), into))
}

/// The same people as they are, again and again.
pub(crate) fn repeated(erp: &Signer) -> Source {
    let mut request = Vec::new();
    erp.write("POST", PATH, body(0).as_bytes(), &mut request);
    Arc::new(move |_, into| into.extend_from_slice(&request))
}

/// The department they are in.
pub(crate) async fn prepare(house: &House, erp: &Signer) -> anyhow::Result<()> {
    let mut wire = Wire::open(house.address("gateway")).await?;
    let departments =
        json!({"departments": [{"deptId": "DEPT001", "deptName": "采购部", "parentId": ""}]});
    erp.post(&mut wire, "/aflow/api/sys/sync/department", &departments).await
}
