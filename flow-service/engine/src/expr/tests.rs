//! Tables of expressions and their values, and what no expression may do.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{time, value::Variables};

fn now() -> DateTime<Utc> {
    time::instant("2025-06-15 10:30:00").unwrap()
}

fn names() -> Variables {
    let json = json!({
        "amount": 1500.50, "count": 3, "name": "banana", "ok": true, "off": false, "nothing": null,
        "text": "12", "list": [1, 2, 3], "people": [{"id": "a", "age": 30}, {"id": "b", "age": 40}],
        "map": {"a": {"b": "deep"}, "c d": 5}, "day": "2025-01-31", "客户": "华为", "empties": [],
    });
    json.as_object().unwrap().iter().map(|(k, v)| (k.clone(), Value::from_json(v))).collect()
}

fn formula(text: &str) -> Result<Value, Fault> {
    Expression::formula(text)?.eval(&names(), now())
}

#[track_caller]
fn assert_all(table: &[(&str, serde_json::Value)]) {
    for (text, expected) in table {
        let value = formula(text).unwrap_or_else(|fault| panic!("{text}: {fault} at {}", fault.at));
        assert_eq!(value.to_json(), *expected, "{text}");
    }
}

#[test]
fn conditions_of_both_notations() {
    assert_all(&[
        ("${amount > 1000 && name == 'banana'}", json!(true)),
        ("#{amount gt 1000 and name eq \"banana\"}", json!(true)),
        ("=amount > 1000 and contains(name, \"nan\")", json!(true)),
        ("amount <= 1500.5", json!(true)),
        ("${!ok || off}", json!(false)),
        ("${not ok}", json!(false)),
        ("=not(off)", json!(true)),
        ("${ok ? 'yes' : 'no'}", json!("yes")),
        ("=if off then 1 else if ok then 2 else 3", json!(2)),
        ("${empty nothing && empty empties && !empty name && empty unknown}", json!(true)),
        ("${name.contains(\"a\")}", json!(true)),
        ("!name.contains(\"x\")", json!(true)),
        ("=count in [1, 2, 3]", json!(true)),
        ("=count in (5, 6)", json!(false)),
        ("=count in [1..3)", json!(false)),
        ("=count in [1..3]", json!(true)),
        ("=count between 1 and 3 and ok", json!(true)),
        ("=2 in list", json!(true)),
        ("=some p in people satisfies p.age > 35", json!(true)),
        ("=every p in people satisfies p.age > 35", json!(false)),
        ("=for x in list return x * 2", json!([2, 4, 6])),
        ("=people[age > 35].id", json!(["b"])),
        ("=list[item >= 2]", json!([2, 3])),
        ("客户 == '华为'", json!(true)),
        ("${execution.getVariable('count') == 3}", json!(true)),
        ("${3 ne 4 and 3 lt 4 and 4 ge 4}", json!(true)),
        ("${a.b.c == null}", json!(true)),
    ]);
}

#[test]
fn null_is_never_greater_smaller_or_part_of_anything() {
    assert_all(&[
        ("unknown > 1", json!(false)),
        ("unknown <= 1", json!(false)),
        ("unknown == null", json!(true)),
        ("unknown != 1", json!(true)),
        ("unknown.field[3].more", json!(null)),
        ("unknown + 1", json!(null)),
        ("-unknown", json!(null)),
        ("contains(unknown, 'a')", json!(false)),
        ("unknown.contains('a')", json!(false)),
        ("!unknown", json!(true)),
        ("sum(unknown)", json!(null)),
        ("size(unknown)", json!(0)),
        ("list[99]", json!(null)),
    ]);
}

#[test]
fn arithmetic_is_exact() {
    assert_all(&[
        ("0.1 + 0.2 == 0.3", json!(true)),
        ("1 - 2 - 3", json!(-4)),
        ("2 + 3 * 4", json!(14)),
        ("(2 + 3) * 4", json!(20)),
        ("7 % 4 + 7 mod 4 + 8 div 4", json!(8)),
        ("=2 ** 10", json!(1024)),
        ("=2 ** -1", json!(0.5)),
        ("-count + 1", json!(-2)),
        ("2/3 >= 0.6", json!(true)),
        ("3 == '3.0'", json!(true)),
        ("text > 9", json!(true)),
        ("text * 2", json!(24)),
        ("text + 1", json!("121")),
        ("'a' + 1.50", json!("a1.5")),
        ("9999999999999999999999 + 1", json!("10000000000000000000000")),
        ("1e3", json!(1000)),
        ("=.5 + 1", json!(1.5)),
    ]);
}

#[test]
fn functions_and_methods() {
    assert_all(&[
        ("=string length(name)", json!(6)),
        ("${name.length() + list.size()}", json!(9)),
        ("=upper case(name)", json!("BANANA")),
        ("${'  x '.trim().toUpperCase()}", json!("X")),
        ("=starts with(name, \"ban\") and ends with(name, \"na\")", json!(true)),
        ("=substring(name, 2, 3)", json!("ana")),
        ("=substring(name, -2)", json!("na")),
        ("${name.substring(0, 3)}", json!("ban")),
        ("=substring before(name, \"n\") + substring after(name, \"n\")", json!("baana")),
        ("${name.indexOf('n')}", json!(2)),
        ("${name.replace('an', '-')}", json!("b--a")),
        ("=split(\"a,b\", \",\")", json!(["a", "b"])),
        ("=string join([\"a\", null, \"b\"], \"/\")", json!("a/b")),
        ("=sum(list) + min(list) + max(5, 9) + count(list) + mean(list)", json!(21)),
        ("=abs(-2.5) + floor(2.7) + ceiling(2.1) + round(2.5)", json!(10.5)),
        ("=round(2.345, 2)", json!(2.35)),
        ("=modulo(-12, 5)", json!(3)),
        ("=append(list, 4)", json!([1, 2, 3, 4])),
        ("=concatenate(list, [4])", json!([1, 2, 3, 4])),
        ("=list contains(list, 2) and contains(list, 3)", json!(true)),
        ("=get or else(unknown, 7)", json!(7)),
        ("=number(\"1.50\") + 1", json!(2.5)),
        ("=string(1.50)", json!("1.5")),
        ("${list[0]}", json!(1)),
        ("=list[1]", json!(1)),
        ("=list[-1]", json!(3)),
        ("${map['a']['b'] + map.a.b}", json!("deepdeep")),
        ("${map['c d']}", json!(5)),
        ("=people.age", json!([30, 40])),
        ("={a: 1, \"b c\": [2]}", json!({"a": 1, "b c": [2]})),
        ("='it\\'s \\u4e2d'", json!("it's 中")),
    ]);
}

#[test]
fn dates_are_shanghais() {
    assert_all(&[
        ("=date(day) < today()", json!(true)),
        ("=date(day) + duration(\"P1M\")", json!("2025-02-28T00:00:00+08:00")),
        ("=date and time(\"2025-01-01T00:00:00Z\").hour", json!(8)),
        ("=now() - duration(\"PT30M\")", json!("2025-06-15T10:00:00+08:00")),
        ("=today() - date(\"2025-06-14\")", json!("P1D")),
        ("=duration(\"PT1H\") * 3 > duration(\"PT2H\")", json!(true)),
        ("=-duration(\"PT1H\")", json!("-PT1H")),
        ("=date(day).year * 100 + date(day).month", json!(202501)),
        ("=date(day) = \"2025-01-31\"", json!(true)),
        ("=now() > \"2025-06-15 10:00\"", json!(true)),
    ]);
}

#[test]
fn what_has_no_value_is_a_fault_in_its_place() {
    for (text, at, part) in [
        ("1 / 0", 2, "除数为零"),
        ("=5 mod 0", 3, "除数为零"),
        ("name > 5", 5, "不能比较"),
        ("name && ok", 0, "应为真或假"),
        ("list * 2", 5, "不能参与计算"),
        ("1e28 * 1e28", 5, "超出范围"),
        ("=10 ** 1000", 4, "超出范围"),
        ("=2 ** 1000000000", 3, "超出范围"),
        ("date('x')", 0, "不是日期"),
        ("name.age", 4, "没有字段"),
        ("list[0.5]", 4, "下标"),
        ("date('9999-12-31') + duration('P2D')", 19, "超出范围"),
    ] {
        let fault = formula(text).expect_err(text);
        assert!(fault.message.contains(part) && fault.at == at, "{text}: {fault:?}");
    }
}

#[test]
fn what_cannot_be_read_is_a_fault_in_its_place() {
    for (text, at, part) in [
        ("", 0, "不完整"),
        ("${}", 2, "不完整"),
        ("a >", 3, "不完整"),
        ("${a", 3, "缺少“}”"),
        ("${a} > 1", 4, "还有内容"),
        ("a b", 2, "不应有“b”"),
        ("system('rm')", 0, "没有函数“system”"),
        ("a.getClass()", 2, "没有函数“getClass”"),
        ("contains(a)", 0, "参数个数"),
        ("'abc", 0, "引号"),
        ("a ; b", 2, "不认识的符号"),
        ("99999999999999999999999999999999999", 0, "超出范围"),
        ("1e999999999", 0, "超出范围"),
        ("(1", 2, "应为“)”"),
        ("a == and", 5, "不应有“and”"),
    ] {
        let fault = Expression::formula(text).expect_err(text);
        assert!(fault.message.contains(part) && fault.at == at, "{text}: {fault:?}");
    }
}

#[test]
fn templates_are_text_unless_one_formula_is_the_whole() {
    for (text, expected) in [
        ("plain", json!("plain")),
        ("${count}", json!(3)),
        (" ${count} ", json!(3)),
        ("=count + 1", json!(4)),
        ("#{name}-${count}", json!("banana-3")),
        ("a${unknown}b", json!("ab")),
        ("\\${count} costs $5", json!("${count} costs $5")),
        ("\\${count}=${count}", json!("${count}=3")),
        ("${ {'a': '}'}['a'] }!", json!("}!")),
        ("", json!("")),
        ("PT1H", json!("PT1H")),
    ] {
        let template = Expression::template(text).unwrap();
        assert_eq!(template.eval(&names(), now()).unwrap().to_json(), expected, "{text}");
    }
    assert!(Expression::template("a ${").is_err());
}

#[test]
fn a_condition_is_true_false_or_null() {
    let condition = |text: &str| Expression::formula(text).unwrap().condition(&names(), now());

    assert_eq!(condition("ok"), Ok(true));
    assert_eq!(condition("unknown"), Ok(false));
    assert!(condition("count").is_err());
}

#[test]
fn bombs_are_stopped() {
    let nested = format!("{}1{}", "(".repeat(2000), ")".repeat(2000));
    let negated = "!".repeat(4000) + "ok";
    let branches = "if a then ".repeat(400);
    let lists = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
    let long = "a".repeat(5000);
    for text in [nested, negated, branches, lists, long, "${".repeat(2000), "{a:".repeat(1300)] {
        assert!(Expression::formula(&text).is_err());
        assert!(Expression::template(&text).is_err() || !text.contains("${"));
    }
    let flat = format!("1{}", "+1".repeat(2000));
    assert_eq!(formula(&flat).unwrap(), Value::from(2001_i64));
    let path = format!("unknown{}", ".a".repeat(2000));
    assert_eq!(formula(&path).unwrap(), Value::Null);

    let mut doubled = "for x in list return for x in list return for x in list return ".repeat(4);
    doubled.push('1');
    let text = "text".to_owned() + &".replace('1', '11').replace('1', '11')".repeat(60);
    for bomb in [&doubled, &text, &"list in ".repeat(20)] {
        assert!(formula(bomb).is_err(), "{bomb}");
    }
    let big = Value::Text("x".repeat(600_000));
    let names = Variables::from([("big".to_owned(), big.clone())]);
    let eval = |text: &str| Expression::formula(text).unwrap().eval(&names, now());
    assert_eq!(eval("big"), Ok(big));
    assert!(eval("big + big + big").is_err());
    assert!(eval(&format!("{}1", "big == big || ".repeat(200).replace("==", "!="))).is_err());
}

#[test]
fn values_do_not_grow_without_end() {
    let mut names = Variables::from([("x".to_owned(), Value::from(1_i64))]);
    let wrap = Expression::formula("[x]").unwrap();
    let double = Expression::formula("[x, x]").unwrap();

    let mut rounds = 0;
    while let Ok(next) = wrap.eval(&names, now()) {
        names.insert("x".to_owned(), next);
        rounds += 1;
    }
    assert_eq!(rounds, 64);
    names.insert("x".to_owned(), Value::from(1_i64));
    while let Ok(next) = double.eval(&names, now()) {
        names.insert("x".to_owned(), next);
        rounds += 1;
    }
    assert!(rounds < 64 + 20, "{rounds}");
}

#[test]
fn the_deepest_expression_fits_a_small_stack() {
    let small = std::thread::Builder::new().stack_size(1 << 20);
    let thread = small.spawn(|| {
        let deep = format!("{}1{}", "-(".repeat(31), ")".repeat(31));
        assert!(formula(&deep).is_ok());
        let deeper = format!("{}1{}", "max(1,".repeat(62), ")".repeat(62));
        assert!(formula(&deeper).is_ok());
    });
    thread.unwrap().join().unwrap();
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        let _ = formula(&text);
        let _ = Expression::template(&text).map(|it| it.eval(&names(), now()));
    }

    #[test]
    fn no_shuffled_words_panic(
        words in prop::collection::vec(prop::sample::select(WORDS), 0..30),
        notation in prop::sample::select(&["=", "${", ""][..]),
    ) {
        let text = format!("{notation}{}{}", words.join(" "), if notation == "${" { "}" } else { "" });
        let _ = formula(&text);
        let _ = Expression::template(&text).map(|it| it.eval(&names(), now()));
    }
}

const WORDS: &[&str] = &[
    "1",
    "0",
    "-",
    "+",
    "*",
    "/",
    "**",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ".",
    "..",
    "?",
    ":",
    "and",
    "or",
    "not",
    "in",
    "if",
    "then",
    "else",
    "some",
    "for",
    "x",
    "satisfies",
    "return",
    "list",
    "people",
    "map",
    "name",
    "amount",
    "day",
    "unknown",
    "'a'",
    "\"2025-01-31\"",
    "'P1M'",
    "date",
    "duration",
    "now()",
    "today()",
    "sum",
    "max",
    "substring",
    "split",
    "round",
    "79228162514264337593543950335",
    "1e-28",
    "between",
    "==",
    "<",
    ">=",
    "%",
    "div",
    "item",
    ".contains(",
    ".substring(",
    ".age",
    "[0]",
    "string join",
    "replace",
    "modulo",
    "append",
];
