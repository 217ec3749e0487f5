//! Limits, what outcomes say, what is kept and what is offered.

use super::*;

#[test]
fn people_add_people_five_deep_and_not_more_than_a_hundred() {
    let five = "A before B; B before C; C before D; D before E; E before F";
    check(&[
        (Mode::All, "A", five, "A. B. C. D. E. F? Pending"),
        (Mode::Any, "A", "A beside B; B beside C; C before D", "A/B/C. D? Pending"),
    ]);
    let deep = |mode, script: &str| run(mode, "A", script).ends_with("TooDeep");
    assert!(deep(Mode::All, &format!("{five}; F before G")));
    assert!(deep(Mode::All, &format!("{five}; F beside G")));
    assert!(deep(
        Mode::Any,
        "A beside B; B beside C; C beside D; D beside E; E beside F; F beside G"
    ));

    let crowd = |count: usize| {
        let names: Vec<String> = (0..count).map(|number| format!("P{number}")).collect();
        names.join(",")
    };
    for mode in [Mode::Any, Mode::All, Mode::Sequence, vote(50)] {
        for place in ["before", "after", "beside"] {
            let adds = |count| run(mode, "A", &format!("A {place} {}", crowd(count)));
            assert!(adds(99).ends_with("Pending"), "{mode:?} {place}");
            assert!(adds(100).ends_with("TooMany"), "{mode:?} {place}");
        }
    }
}

#[test]
fn a_seat_is_not_handed_around_for_ever() {
    let around = "A transfer B; B transfer A;".repeat(MAX_PAST / 2);

    assert!(run(Mode::Any, "A", &around).ends_with("Pending"));
    assert!(run(Mode::Any, "A", &format!("{around} A transfer B")).ends_with("TooMany"));
}

fn changed(mode: Mode, people: &str, script: &[&str]) -> (Vec<u32>, Vec<(u32, Closing)>) {
    let mut approval = Approval::open(mode, picks(people), at(0));
    let mut last = (Vec::new(), Vec::new());
    for (second, line) in (1..).zip(script) {
        let outcome = step(&approval, line, second).unwrap();
        assert_eq!(outcome.verdict, outcome.approval.verdict());
        last = (outcome.opened, outcome.closed);
        approval = outcome.approval;
    }
    last
}

#[test]
fn a_deed_says_which_seats_open_and_close() {
    use Closing::{Passed, Rejected, Revoked};

    assert_eq!(changed(Mode::Sequence, "A,B", &["A pass"]), (vec![2], vec![(1, Passed)]));
    assert_eq!(
        changed(Mode::All, "A,B", &["A reject"]),
        (vec![], vec![(1, Rejected), (2, Revoked)])
    );
    assert_eq!(changed(Mode::All, "A", &["A before B"]), (vec![2], vec![(1, Revoked)]));
    assert_eq!(changed(Mode::All, "A", &["A before B", "B pass"]), (vec![1], vec![(2, Passed)]));
    assert_eq!(changed(Mode::All, "A", &["A after B", "A pass"]), (vec![2], vec![(1, Passed)]));
    assert_eq!(changed(Mode::Any, "A,B", &["A claim"]), (vec![1], vec![]));
    assert_eq!(changed(Mode::Any, "A,B", &["A transfer C"]), (vec![1], vec![]));
    assert_eq!(
        changed(Mode::Sequence, "A,B", &["A pass", "A undo"]),
        (vec![1], vec![(2, Revoked)])
    );
}

#[test]
fn everybody_is_offered_what_they_can_do() {
    let offers = |mode, people: &str, script: &str, user: &str| {
        let mut approval = Approval::open(mode, picks(people), at(0));
        for line in script.split(';').map(str::trim).filter(|line| !line.is_empty()) {
            approval = step(&approval, line, 1).unwrap().approval;
        }
        approval.offers(seat_of(&approval, user), user).join(" ")
    };
    let all = "pass reject rebut transfer delegate add_sign copy comment accept";

    assert_eq!(offers(Mode::All, "A,B", "", "A"), all);
    assert_eq!(offers(vote(50), "A,B", "", "A"), all);
    assert_eq!(offers(Mode::Any, "A", "", "A"), all);
    assert_eq!(
        offers(Mode::Any, "A,B", "", "A"),
        "pass reject rebut transfer delegate add_sign claim copy comment accept"
    );
    assert_eq!(
        offers(Mode::Any, "A,B", "A claim", "A"),
        "pass reject rebut transfer delegate add_sign release copy comment accept"
    );
    assert_eq!(offers(Mode::Any, "A,B", "A claim", "B"), "");
    assert_eq!(offers(Mode::Any, "A,B", "", "Z"), "");
    assert_eq!(offers(Mode::Sequence, "A,B", "", "B"), "");
    assert_eq!(
        offers(Mode::All, "A,B", "A delegate C", "C"),
        "pass reject transfer delegate add_sign copy comment accept"
    );
    assert_eq!(offers(Mode::All, "A,B", "A delegate C", "A"), "");
    assert_eq!(offers(Mode::All, "A,B", "A before C", "A"), "remove_sign");
    assert_eq!(
        offers(Mode::All, "A,B", "A after C", "A"),
        "pass reject rebut transfer delegate add_sign remove_sign copy comment accept"
    );
    assert_eq!(offers(Mode::All, "A,B", "A after C; A pass", "A"), "remove_sign");
    assert_eq!(offers(Mode::All, "A,B", "A reject", "B"), "");
}

#[test]
fn a_decision_keeps_who_said_what_and_for_whom() {
    let agent = Pick { on_behalf_of: Some("X".to_owned()), ..pick("A") };
    let approval = Approval::open(Mode::Sequence, vec![agent, pick("B")], at(0));
    let deed = Deed::Delegate { to: pick("C") };
    let asked = approval.act(1, "A", deed, None, at(1)).unwrap().approval;
    let advised = asked.act(1, "C", Deed::Reject, Some("金额过大"), at(2)).unwrap();
    assert_eq!(advised.returned_to.as_deref(), Some("A"));

    let passed = advised.approval.act(1, "A", Deed::Pass, Some("同意"), at(3)).unwrap().approval;

    let seat = passed.seat(1).unwrap();
    let decided = seat.decided.as_ref().unwrap();
    assert_eq!((decided.user.as_str(), decided.on_behalf_of.as_deref()), ("A", Some("X")));
    assert_eq!((decided.passed, decided.comment.as_deref()), (true, Some("同意")));
    let advice = seat.past.iter().find_map(|past| match past {
        Past::Returned { advice, .. } => Some((advice.user.as_str(), advice.passed)),
        _ => None,
    });
    assert_eq!(advice, Some(("C", false)));
}
