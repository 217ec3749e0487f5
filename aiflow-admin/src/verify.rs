//! `verify`: whether the histories of orders are still what was written.

use std::io::{IsTerminal, Write as _};

use anyhow::bail;
use serde_json::Value;

use crate::{Service, encode, say};

/// What was looked at so far.
#[derive(Default)]
struct Count {
    orders: u64,
    steps: u64,
    broken: u64,
}

/// Goes through an enterprise page by page; an error = something is broken.
pub(crate) async fn verify(
    flow: &Service,
    enterprise: &str,
    order: Option<i64>,
) -> anyhow::Result<()> {
    let mut count = Count::default();
    let mut after = 0;
    loop {
        let mut path = format!("/verify?enterpriseCode={}&after={after}", encode(enterprise));
        if let Some(order) = order {
            path.push_str(&format!("&orderId={order}"));
        }
        let page = flow.get(&path).await?;
        let number = |name: &str| page.get(name).and_then(Value::as_u64).unwrap_or_default();
        count.orders += number("orders");
        count.steps += number("steps");
        for broken in page.get("broken").and_then(Value::as_array).into_iter().flatten() {
            count.broken += 1;
            say(&sentence(broken))?;
        }
        show_progress(&count)?;
        match page.get("next").and_then(Value::as_i64) {
            Some(next) if next > after => after = next,
            Some(_) | None => break,
        }
    }
    let Count { orders, steps, broken } = count;
    if broken > 0 {
        bail!("{broken} of {orders} orders are not what was written ({steps} steps looked at)");
    }
    say(&format!("{orders} orders with {steps} steps are what was written"))
}

/// On a terminal alone, so that a log holds no rubbish.
fn show_progress(count: &Count) -> anyhow::Result<()> {
    let mut out = std::io::stderr();
    if out.is_terminal() {
        write!(out, "\r{} orders, {} steps, {} broken\r", count.orders, count.steps, count.broken)?;
        out.flush()?;
    }
    Ok(())
}

fn sentence(broken: &Value) -> String {
    let text = |name: &str| broken.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| broken.get(name).and_then(Value::as_i64);
    let order = number("orderId").unwrap_or_default();
    let why = match text("reason") {
        "changed" => "is not what was written, or one before it is missing",
        "unsealed" => "has lost its hash",
        "end_differs" => "the last steps are missing, or some were added",
        "order_missing" => "the order itself is gone",
        other => other,
    };
    match number("step") {
        Some(step) => format!(
            "{order}: step {step} ({} at {}, no {}) {why}",
            text("act"),
            text("at"),
            number("no").unwrap_or_default()
        ),
        None => format!("{order}: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_broken_order_is_told_with_its_first_broken_step() {
        let step = json!({"orderId": 7, "reason": "changed", "step": 2, "no": 31, "at": "2026-11-24 10:00:00", "act": "pass"});
        assert_eq!(
            sentence(&step),
            "7: step 2 (pass at 2026-11-24 10:00:00, no 31) is not what was written, or one before it is missing"
        );
        let end = json!({"orderId": 7, "reason": "end_differs", "step": null});
        assert_eq!(sentence(&end), "7: the last steps are missing, or some were added");
    }
}
