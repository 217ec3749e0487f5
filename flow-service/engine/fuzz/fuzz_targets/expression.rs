//! Any text as an expression: read both ways and evaluated; what it makes can be stored.
#![no_main]

use chrono::{DateTime, Utc};
use flow_engine::expr::Expression;
use flow_engine::value::{Value, Variables};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let now = DateTime::<Utc>::from_timestamp(1_735_689_600, 0).unwrap_or_default();
    let json = serde_json::json!({
        "a": 1500.5, "n": 3, "s": "banana", "t": true, "d": "2025-01-31", "p": "P1M",
        "l": [1, 2, 3, {"x": 4}], "m": {"a": {"b": "c"}}, "z": null,
    });
    let Value::Map(names): Value = Value::from_json(&json) else { return };
    let names: Variables = names;
    let read = [Expression::formula(text), Expression::template(text)];
    for expression in read.into_iter().flatten() {
        if let Ok(value) = expression.eval(&names, now) {
            assert_eq!(Value::restore(&value.store()), value);
            let _ = value.to_json();
        }
    }
});
