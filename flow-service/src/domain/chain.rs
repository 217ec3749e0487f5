//! The chain over what happened to an order: each step carries a hash of itself and of the hash before
//! it, so that nothing of it can be changed, left out or put in between without being noticed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// The deepest JSON that is understood; what people send is less deep.
const MOST_DEPTH: usize = 200;

/// A step as it is stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<'a> {
    pub(crate) order: i64,
    /// Which step of its order, from 1.
    pub(crate) seq: i64,
    pub(crate) at: DateTime<Utc>,
    pub(crate) act: &'a str,
    pub(crate) actor: Option<&'a str>,
    /// Text of JSON, as it goes to the database or as it came from there.
    pub(crate) records: &'a str,
    pub(crate) detail: Option<&'a str>,
}

/// The hash of a step; `previous` is that of the step before it, empty for the first that has one.
pub(crate) fn link(previous: &str, step: &Step<'_>) -> String {
    hex::encode(Sha256::digest(canonical(previous, step)))
}

/// One text for everything that PostgreSQL may give back for the same step: members by name, numbers
/// by value, the moment in microseconds.
fn canonical(previous: &str, step: &Step<'_>) -> String {
    let Step { order, seq, at, act, actor, records, detail } = step;
    let at = at.to_rfc3339_opts(SecondsFormat::Micros, true);
    let mut text = String::with_capacity(512);
    text.push_str("{\"act\":");
    write_text(&mut text, act);
    text.push_str(",\"actor\":");
    match actor {
        Some(actor) => write_text(&mut text, actor),
        None => text.push_str("null"),
    }
    text.push_str(",\"at\":");
    write_text(&mut text, &at);
    text.push_str(",\"detail\":");
    write_json(&mut text, detail.unwrap_or("null"), 0);
    // Writing into a text cannot fail.
    let _ = write!(text, ",\"order\":{order},\"previous\":");
    write_text(&mut text, previous);
    text.push_str(",\"records\":");
    write_json(&mut text, records, 0);
    let _ = write!(text, ",\"seq\":{seq}}}");
    text
}

/// What is no JSON at all stays as it is: then it is not what was written, and shows so.
fn write_json(text: &mut String, json: &str, depth: usize) {
    let json = json.trim();
    let read = match json.as_bytes().first() {
        _ if depth > MOST_DEPTH => None,
        Some(b'{') => write_object(text, json, depth),
        Some(b'[') => write_array(text, json, depth),
        Some(b'"') => serde_json::from_str::<String>(json).ok().map(|it| write_text(text, &it)),
        Some(b'-' | b'0'..=b'9') => write_number(text, json),
        Some(_) | None => None,
    };
    if read.is_none() {
        text.push_str(json);
    }
}

fn write_object(text: &mut String, json: &str, depth: usize) -> Option<()> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(json).ok()?;
    text.push('{');
    for (at, (name, value)) in members.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        write_text(text, name);
        text.push(':');
        write_json(text, value.get(), depth + 1);
    }
    text.push('}');
    Some(())
}

fn write_array(text: &mut String, json: &str, depth: usize) -> Option<()> {
    let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    text.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        write_json(text, item.get(), depth + 1);
    }
    text.push(']');
    Some(())
}

/// Only what must be is escaped.
fn write_text(text: &mut String, value: &str) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            c if c < ' ' => {
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('"');
}

/// Digits that count and an exponent: PostgreSQL writes 1e2 as 100 and keeps 1.50 as it is.
fn write_number(text: &mut String, written: &str) -> Option<()> {
    let (mantissa, exponent) = match written.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (written, 0),
    };
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let counting = digits.trim_start_matches('0').trim_end_matches('0');
    if counting.is_empty() {
        text.push('0');
        return Some(());
    }
    let trailing = digits.len() - digits.trim_end_matches('0').len();
    let exponent = exponent - fraction.len() as i64 + trailing as i64;
    let _ = write!(text, "{sign}{counting}e{exponent}");
    Some(())
}

/// What is wrong with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// The step's hash is not that of its content and of what stands before it.
    Changed,
    /// The step has no hash, though one before it has.
    Unsealed,
    /// The hash of the last step is not the one that the order keeps: steps are missing at the end, or
    /// were added.
    EndDiffers,
    /// The order keeps nothing any more.
    OrderMissing,
}

impl Flaw {
    /// The word of the interface.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Flaw::Changed => "changed",
            Flaw::Unsealed => "unsealed",
            Flaw::EndDiffers => "end_differs",
            Flaw::OrderMissing => "order_missing",
        }
    }
}

/// An order's steps, gone through from the first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Walk {
    seq: i64,
    last: String,
}

impl Walk {
    /// The number of the step that comes next.
    pub(crate) fn next_seq(&self) -> i64 {
        self.seq + 1
    }

    /// Goes on by one step. Steps from before there were hashes have none, and stand first.
    pub(crate) fn go(&mut self, step: &Step<'_>, hash: Option<&str>) -> Result<(), Flaw> {
        self.seq += 1;
        match hash {
            None if self.last.is_empty() => Ok(()),
            None => Err(Flaw::Unsealed),
            Some(hash) if hash == link(&self.last, step) => {
                hash.clone_into(&mut self.last);
                Ok(())
            }
            Some(_) => Err(Flaw::Changed),
        }
    }

    /// There are no more steps; `kept` is the hash that the order keeps.
    pub(crate) fn end(&self, kept: Option<&str>) -> Result<(), Flaw> {
        match kept {
            None => Err(Flaw::OrderMissing),
            Some(kept) if kept == self.last => Ok(()),
            Some(_) => Err(Flaw::EndDiffers),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value as Json;

    use super::*;

    fn step<'a>(seq: i64, records: &'a str, detail: Option<&'a str>) -> Step<'a> {
        let at = DateTime::from_timestamp_nanos(1_764_000_000_123_456_789);
        Step { order: 1_000_001, seq, at, act: "pass", actor: Some("U1"), records, detail }
    }

    fn number(written: &str) -> String {
        let mut text = String::new();
        write_number(&mut text, written).unwrap();
        text
    }

    #[test]
    fn the_text_of_a_step_stays_what_it_is_for_ever() {
        let records = r#"[{"order": 1000001, "node": "a", "name": "审\n批\"", "index": 0}]"#;

        let text = canonical("ff", &step(2, records, None));

        assert_eq!(
            text,
            "{\"act\":\"pass\",\"actor\":\"U1\",\"at\":\"2025-11-24T16:00:00.123456Z\",\"detail\":null,\
             \"order\":1000001,\"previous\":\"ff\",\"records\":[{\"index\":0,\"name\":\"审\\u000a批\\\"\",\
             \"node\":\"a\",\"order\":1000001e0}],\"seq\":2}"
        );
        let hash = link("ff", &step(2, records, Some("null")));
        assert_eq!(hash, hex::encode(Sha256::digest(text)));
    }

    #[test]
    fn what_is_the_same_for_postgresql_is_the_same_here() {
        let one = r#"{"b":[1e2,-0,1.50],"aa":{"x":"\u5ba1","x":"\u0009\/é"},"c":true}"#;
        let other = "{\"c\": true, \"aa\": {\"x\": \"\\t/é\"}, \"b\": [100, 0, 1.5]}";

        assert_eq!(link("", &step(1, one, Some(one))), link("", &step(1, other, Some(other))));
        for (one, other) in [
            ("100", "1e2"),
            ("0.0", "-0"),
            ("0.001", "1E-3"),
            ("-12.0", "-12"),
            ("1e+300", &format!("1{}", "0".repeat(300))),
            ("2.80037171769478e-4", "0.000280037171769478"),
        ] {
            assert_eq!(number(one), number(other));
        }
        assert_eq!([number("100"), number("0.0"), number("-12.50")], ["1e2", "0", "-125e-1"]);
    }

    #[test]
    fn whatever_is_changed_changes_the_hash() {
        let original = step(2, r#"[{"node":"a"}]"#, Some(r#"{"comment":"好"}"#));
        let hash = link("aa", &original);
        let later = original.at + chrono::TimeDelta::microseconds(1);

        let changed = [
            link("ab", &original),
            link("aa", &Step { order: 1, ..original }),
            link("aa", &Step { seq: 3, ..original }),
            link("aa", &Step { at: later, ..original }),
            link("aa", &Step { act: "reject", ..original }),
            link("aa", &Step { actor: None, ..original }),
            link("aa", &Step { actor: Some(""), ..original }),
            link("aa", &Step { records: r#"[{"node":"b"}]"#, ..original }),
            link("aa", &Step { records: r#"[{"node":"a"},{}]"#, ..original }),
            link("aa", &Step { detail: Some(r#"{"comment":"不好"}"#), ..original }),
            link("aa", &Step { detail: None, ..original }),
        ];

        assert!(changed.iter().all(|other| *other != hash));
        let nanosecond = original.at + chrono::TimeDelta::nanoseconds(1);
        assert_eq!(link("aa", &Step { at: nanosecond, ..original }), hash);
    }

    #[test]
    fn a_walk_names_the_first_step_that_is_wrong() {
        let steps: Vec<String> = (0..4).map(|n| format!("[{{\"n\":{n}}}]")).collect();
        let mut last = String::new();
        // The first is from before there were hashes.
        let mut hashes = vec![None];
        for (seq, records) in (2..).zip(&steps[1..]) {
            last = link(&last, &step(seq, records, None));
            hashes.push(Some(last.clone()));
        }
        let walk = |steps: &[String], hashes: &[Option<String>]| {
            let mut walk = Walk::default();
            for (records, hash) in steps.iter().zip(hashes) {
                let seq = walk.next_seq();
                walk.go(&step(seq, records, None), hash.as_deref()).map_err(|flaw| (seq, flaw))?;
            }
            walk.end(Some(&last)).map_err(|flaw| (0, flaw))
        };

        assert_eq!(walk(&steps, &hashes), Ok(()));
        let mut changed = steps.clone();
        changed[2] = "[{\"n\":9}]".to_owned();
        assert_eq!(walk(&changed, &hashes), Err((3, Flaw::Changed)));
        assert_eq!(walk(&steps[1..], &hashes[1..]), Err((1, Flaw::Changed)));
        assert_eq!(walk(&steps[..3], &hashes[..3]), Err((0, Flaw::EndDiffers)));
        let mut bare = hashes.clone();
        bare[2] = None;
        assert_eq!(walk(&steps, &bare), Err((3, Flaw::Unsealed)));
        assert_eq!(walk(&steps, &[None, None, None, None]), Err((0, Flaw::EndDiffers)));
        assert_eq!(Walk::default().end(None), Err(Flaw::OrderMissing));
    }

    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            any::<String>().prop_map(Json::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                proptest::collection::btree_map("[a-z中\n\"]{0,6}", inner, 0..4)
                    .prop_map(|members| Json::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn how_it_is_laid_out_changes_nothing(json in any_json()) {
            let (dense, wide) =
                (serde_json::to_string(&json).unwrap(), serde_json::to_string_pretty(&json).unwrap());
            let mut once = String::new();
            write_json(&mut once, &dense, 0);

            prop_assert_eq!(link("", &step(1, &dense, None)), link("", &step(1, &wide, None)));
            prop_assert_eq!(link("", &step(1, &dense, None)), link("", &step(1, &once, None)));
        }
    }
}
