//! Every operation in every mode, as tables: who did what, and how the seats stand then.

mod outcome;

use chrono::TimeDelta;

use super::*;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

fn pick(user: &str) -> Pick {
    Pick { user: user.to_owned(), rule: format!("指定成员 {user}"), ..Pick::default() }
}

fn picks(users: &str) -> Vec<Pick> {
    users.split(',').map(pick).collect()
}

fn vote(percent: u8) -> Mode {
    Mode::Vote { percent }
}

/// The seat that a person means: one that waits for them, else one they had to do with.
fn seat_of(approval: &Approval, user: &str) -> u32 {
    let mut open = approval.open_seats().filter(|seat| seat.is_held_by(user));
    let known = |seat: &&Seat| seat.is_known_to(user);
    let had = |seat: &&Seat| {
        seat.past.iter().any(|past| match past {
            Past::Transferred { from, .. } | Past::Substituted { from, .. } => from == user,
            Past::Returned { advice, .. } => advice.user == user,
            Past::Delegated { .. } | Past::Left { .. } | Past::TakenBack(_) => false,
        })
    };
    let seat = open.next();
    let seat =
        seat.or_else(|| approval.seats().iter().find(|seat| seat.is_live() && seat.has(user)));
    let seat = seat.or_else(|| approval.seats().iter().find(known));
    seat.or_else(|| approval.seats().iter().find(had)).map_or(1, |seat| seat.no)
}

fn deed(word: &str, people: &str) -> Deed {
    let added = |place| Deed::AddSign { place, people: picks(people) };
    match word {
        "pass" => Deed::Pass,
        "reject" => Deed::Reject,
        "transfer" => Deed::Transfer { to: pick(people) },
        "delegate" => Deed::Delegate { to: pick(people) },
        "before" => added(Place::Before),
        "after" => added(Place::After),
        "beside" => added(Place::Beside),
        "remove" => Deed::RemoveSign { people: people.split(',').map(str::to_owned).collect() },
        "claim" => Deed::Claim,
        "release" => Deed::Release,
        "undo" => Deed::Undo,
        _ => panic!("no such word: {word}"),
    }
}

/// `A pass`, `A transfer B`, `house A B` (puts B in A's place), `force pass`.
fn step(approval: &Approval, line: &str, second: i64) -> Result<Outcome, Refusal> {
    let mut words = line.split_whitespace();
    let (user, word) = (words.next().unwrap(), words.next().unwrap());
    let people = words.next().unwrap_or_default();
    match user {
        "force" => Ok(approval.force(word == "pass", None, at(second))),
        "house" => {
            let deed = Deed::Substitute { from: word.to_owned(), to: pick(people) };
            approval.act(seat_of(approval, word), "", deed, None, at(second))
        }
        "reopen" => approval.reopen(seat_of(approval, word), word, at(second)),
        _ => approval.act(seat_of(approval, user), user, deed(word, people), None, at(second)),
    }
}

/// `+` passed, `-` rejected, `?` open, `.` waiting, `x` gone; `*` = claimed.
fn shown(approval: &Approval) -> String {
    let seat = |seat: &Seat| {
        let users: Vec<&str> = seat.holders().iter().map(|pick| pick.user.as_str()).collect();
        let claimed = if seat.claimed_by.is_some() { "*" } else { "" };
        let state = match seat.state {
            SeatState::Waiting => '.',
            SeatState::Open => '?',
            SeatState::Passed => '+',
            SeatState::Rejected => '-',
            SeatState::Gone => 'x',
        };
        format!("{}{claimed}{state}", users.join("/"))
    };
    let seats: Vec<String> = approval.seats().iter().map(seat).collect();
    format!("{} {:?}", seats.join(" "), approval.verdict())
}

/// Runs a script and shows the end; a refusal or a repeat of the last line is shown behind it.
fn run(mode: Mode, people: &str, script: &str) -> String {
    let mut approval = Approval::open(mode, picks(people), at(0));
    let mut end = String::new();
    for (second, line) in (1..).zip(script.split(';').map(str::trim)) {
        if line.is_empty() {
            continue;
        }
        assert_eq!(end, "", "only the last line may fail: {script}");
        match step(&approval, line, second) {
            Ok(outcome) if outcome.is_repeat => {
                assert_eq!(outcome.approval, approval);
                end = " repeat".to_owned();
            }
            Ok(outcome) => approval = outcome.approval,
            Err(refusal) => end = format!(" {refusal:?}"),
        }
        assert_eq!(Approval::restore(approval.parts()), approval);
    }
    shown(&approval) + &end
}

type Row = (Mode, &'static str, &'static str, &'static str);

fn check(table: &[Row]) {
    let mut wrong = Vec::new();
    for (mode, people, script, wanted) in table {
        let got = run(*mode, people, script);
        if got != *wanted {
            wrong.push(format!("{mode:?} {people}: {script}\n  wanted {wanted}\n  got    {got}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_decision_decides_as_the_mode_says() {
    check(&[
        (Mode::Any, "A", "A pass", "A+ Passed"),
        (Mode::Any, "A,B,B", "", "A/B? Pending"),
        (Mode::Any, "A,B", "B pass", "A/B+ Passed"),
        (Mode::Any, "A,B", "A reject", "A/B- Rejected"),
        (Mode::Any, "A,B", "A pass; A pass", "A/B+ Passed repeat"),
        (Mode::Any, "A,B", "A pass; A reject", "A/B+ Passed Over"),
        (Mode::Any, "A,B", "A pass; B pass", "A/B+ Passed Over"),
        (Mode::Any, "A,B", "Z pass", "A/B? Pending NotYours(\"Z\")"),
        (Mode::All, "A", "A reject", "A- Rejected"),
        (Mode::All, "A,B,C", "", "A? B? C? Pending"),
        (Mode::All, "A,B,C", "C pass; A pass", "A+ B? C+ Pending"),
        (Mode::All, "A,B,C", "C pass; A pass; B pass", "A+ B+ C+ Passed"),
        (Mode::All, "A,B,C", "C pass; A reject", "A- Bx C+ Rejected"),
        (Mode::All, "A,B", "A pass; A pass", "A+ B? Pending repeat"),
        (Mode::All, "A,B", "A pass; A reject", "A+ B? Pending Over"),
        (Mode::Sequence, "A,B,C", "", "A? B. C. Pending"),
        (Mode::Sequence, "A,B,C", "A pass", "A+ B? C. Pending"),
        (Mode::Sequence, "A,B,C", "A pass; B pass; C pass", "A+ B+ C+ Passed"),
        (Mode::Sequence, "A,B,C", "A pass; B reject", "A+ B- Cx Rejected"),
        (Mode::Sequence, "A,B,C", "B pass", "A? B. C. Pending Waits"),
        (vote(60), "A,B,C", "A pass; B pass", "A+ B+ Cx Passed"),
        (vote(60), "A,B,C", "A reject", "A- B? C? Pending"),
        (vote(60), "A,B,C", "A reject; C reject", "A- Bx C- Rejected"),
        (vote(66), "A,B,C", "A pass; B pass", "A+ B+ Cx Passed"),
        (vote(67), "A,B,C", "A pass; B pass", "A+ B+ C? Pending"),
        (vote(67), "A,B,C", "A reject", "A- Bx Cx Rejected"),
        (vote(50), "A,B", "A reject", "A- B? Pending"),
        (vote(50), "A,B", "A reject; B pass", "A- B+ Passed"),
        (vote(100), "A,B", "A reject", "A- Bx Rejected"),
        (vote(0), "A,B", "A reject; B reject", "A- B- Rejected"),
        (vote(50), "A,B", "A reject; A reject", "A- B? Pending repeat"),
    ]);
}

#[test]
fn a_transfer_makes_the_seat_somebody_elses() {
    check(&[
        (Mode::Any, "A,B", "A transfer C", "C/B? Pending"),
        (Mode::Any, "A,B", "A transfer C; A pass", "C/B? Pending NotYours(\"A\")"),
        (Mode::Any, "A,B", "A transfer B", "A/B? Pending AlreadyThere(\"B\")"),
        (Mode::Any, "A,B", "A claim; A transfer C", "C*? Pending"),
        (Mode::All, "A,B", "A transfer C; C pass", "C+ B? Pending"),
        (Mode::All, "A,B", "A transfer B", "A? B? Pending AlreadyThere(\"B\")"),
        (Mode::All, "A,B", "B pass; A transfer B", "B? B+ Pending"),
        (Mode::All, "A,B", "A transfer A", "A? B? Pending Oneself"),
        (Mode::All, "A,B", "A pass; A transfer C", "A+ B? Pending Over"),
        (Mode::All, "A,B", "A transfer C; A transfer C", "C? B? Pending repeat"),
        (Mode::All, "A,B", "A transfer C; C transfer A; A transfer C", "C? B? Pending"),
        (Mode::Sequence, "A,B", "A transfer C; C pass", "C+ B? Pending"),
        (Mode::Sequence, "A,B", "A transfer B", "A? B. Pending AlreadyThere(\"B\")"),
        (Mode::Sequence, "A,B", "B transfer C", "A? B. Pending Waits"),
        (vote(50), "A,B", "A transfer C; C pass", "C+ Bx Passed"),
        (vote(50), "A,B", "A pass; A transfer C", "A+ Bx Passed Over"),
    ]);
}

#[test]
fn a_delegate_advises_and_the_seat_comes_back() {
    check(&[
        (Mode::Any, "A,B", "A delegate C", "C/B? Pending"),
        (Mode::Any, "A,B", "A delegate C; C pass", "A/B? Pending"),
        (Mode::Any, "A,B", "A delegate C; C reject; A pass", "A/B+ Passed"),
        (Mode::Any, "A,B", "A delegate C; B pass", "C/B+ Passed"),
        (Mode::Any, "A,B", "A claim; A delegate C", "C*? Pending"),
        (Mode::Any, "A,B", "A claim; A delegate C; C pass", "A*? Pending"),
        (Mode::All, "A,B", "A delegate C; C reject", "A? B? Pending"),
        (Mode::All, "A,B", "A delegate C; C reject; A pass", "A+ B? Pending"),
        (Mode::All, "A,B", "A delegate C; C pass; C pass", "A? B? Pending repeat"),
        (Mode::All, "A,B", "A delegate C; C pass; C reject", "A? B? Pending NotYours(\"C\")"),
        (Mode::All, "A,B", "A delegate C; A pass", "C? B? Pending Waits"),
        (Mode::All, "A,B", "A delegate C; A delegate C", "C? B? Pending repeat"),
        (Mode::All, "A,B", "A delegate B", "A? B? Pending AlreadyThere(\"B\")"),
        (Mode::All, "A,B", "A delegate A", "A? B? Pending Oneself"),
        (Mode::All, "A,B", "A delegate C; B transfer A", "C? B? Pending AlreadyThere(\"A\")"),
        (Mode::All, "A,B", "A delegate C; C delegate A", "C? B? Pending AlreadyThere(\"A\")"),
        (Mode::All, "A,B", "A delegate C; C delegate D; D pass", "C? B? Pending"),
        (Mode::All, "A,B", "A delegate C; C delegate D; D pass; C pass", "A? B? Pending"),
        (Mode::All, "A,B", "A delegate C; C transfer D; D pass", "A? B? Pending"),
        (Mode::Sequence, "A,B", "A delegate C; C pass", "A? B. Pending"),
        (Mode::Sequence, "A,B", "A delegate C; C pass; A pass", "A+ B? Pending"),
        (vote(50), "A,B", "A delegate C; C pass", "A? B? Pending"),
        (vote(50), "A,B", "A delegate C; C reject; A pass", "A+ Bx Passed"),
    ]);
}

#[test]
fn added_before_means_that_the_seat_waits_for_them() {
    check(&[
        (Mode::Any, "A,B", "A before C", "A/B. C? Pending"),
        (Mode::Any, "A,B", "A before C; B pass", "A/B. C? Pending Waits"),
        (Mode::Any, "A,B", "A before C; C pass", "A/B? C+ Pending"),
        (Mode::Any, "A,B", "A before C; C reject", "A/B- C- Rejected"),
        (Mode::All, "A,B", "A before C,D; C pass", "A. C+ D? B? Pending"),
        (Mode::All, "A,B", "A before C,D; D pass; C pass", "A? C+ D+ B? Pending"),
        (Mode::All, "A,B", "A before C,D; C reject", "A- C- Dx Bx Rejected"),
        (Mode::All, "A,B", "A before C; A before C", "A. C? B? Pending repeat"),
        (Mode::All, "A,B", "A before B", "A? B? Pending AlreadyThere(\"B\")"),
        (Mode::All, "A,B", "A before A", "A? B? Pending Oneself"),
        (Mode::All, "A,B", "A before C; A after D", "A. C? B? Pending Waits"),
        (Mode::All, "A,B", "A before C; C before D; D pass; C pass", "A? C+ D+ B? Pending"),
        (Mode::Sequence, "A,B", "A before C; C pass; A pass", "A+ C+ B? Pending"),
        (Mode::Sequence, "A,B", "A before C; C reject", "A- C- Bx Rejected"),
        (vote(50), "A,B", "A before C; C reject", "A- C- B? Pending"),
        (vote(50), "A,B", "A before C,D; C before E; D reject", "A- Cx Ex D- B? Pending"),
        (vote(50), "A,B", "A before C; C reject; B pass", "A- C- B+ Passed"),
        (vote(50), "A,B", "A before C; C pass; A pass", "A+ C+ Bx Passed"),
    ]);
}

#[test]
fn added_after_means_that_the_pass_counts_once_they_passed() {
    check(&[
        (Mode::Any, "A,B", "A after C", "A/B? C. Pending"),
        (Mode::Any, "A,B", "A after C; A pass", "A/B. C? Pending"),
        (Mode::Any, "A,B", "A after C; A pass; C pass", "A/B+ C+ Passed"),
        (Mode::Any, "A,B", "A after C; A pass; C reject", "A/B- C- Rejected"),
        (Mode::Any, "A,B", "A after C; A reject", "A/B- Cx Rejected"),
        (Mode::Any, "A,B", "A after C; C pass", "A/B? C. Pending Waits"),
        (Mode::All, "A,B", "A after C,D; A pass; C pass", "A. C+ D? B? Pending"),
        (Mode::All, "A,B", "A after C,D; A pass; C pass; B pass", "A. C+ D? B+ Pending"),
        (Mode::All, "A,B", "A after C; A pass; C pass; B pass", "A+ C+ B+ Passed"),
        (Mode::All, "A,B", "A after C; A pass; C reject", "A- C- Bx Rejected"),
        (Mode::All, "A,B", "A after C; A pass; A pass", "A. C? B? Pending repeat"),
        (Mode::All, "A,B", "A after C; A pass; A after D", "A. C? B? Pending Over"),
        (Mode::Sequence, "A,B", "A after C; A pass", "A. C? B. Pending"),
        (Mode::Sequence, "A,B", "A after C; A pass; C pass", "A+ C+ B? Pending"),
        (Mode::Sequence, "A,B", "A after C; A pass; C reject", "A- C- Bx Rejected"),
        (vote(50), "A,B", "A after C; A pass", "A. C? B? Pending"),
        (vote(50), "A,B", "A after C; A pass; C pass", "A+ C+ Bx Passed"),
        (vote(50), "A,B", "A after C; A pass; B pass", "Ax Cx B+ Passed"),
        (vote(50), "A,B", "A after C; A pass; C reject", "A- C- B? Pending"),
    ]);
}

#[test]
fn added_beside_means_one_more_of_the_same() {
    check(&[
        (Mode::Any, "A,B", "A beside C", "A/B/C? Pending"),
        (Mode::Any, "A,B", "A beside C; C pass", "A/B/C+ Passed"),
        (Mode::Any, "A,B", "A claim; A beside C", "A/B/C? Pending"),
        (Mode::Any, "A,B", "A beside C; A beside C", "A/B/C? Pending repeat"),
        (Mode::Any, "A,B", "A beside C; B beside C", "A/B/C? Pending AlreadyThere(\"C\")"),
        (Mode::Any, "A", "A before C; C beside D; D pass", "A? C/D+ Pending"),
        (Mode::All, "A,B", "A beside C; A pass; B pass", "A+ C? B+ Pending"),
        (Mode::All, "A,B", "A beside C; C reject", "Ax C- Bx Rejected"),
        (Mode::All, "A", "A before C; C beside D; C pass", "A. C+ D? Pending"),
        (Mode::Sequence, "A,B", "A beside C", "A? C. B. Pending"),
        (Mode::Sequence, "A,B", "A beside C; A pass", "A+ C? B. Pending"),
        (Mode::Sequence, "A,B", "A beside C,D; A pass; C pass; D pass", "A+ C+ D+ B? Pending"),
        (vote(60), "A,B", "A beside C; A pass; B pass", "A+ Cx B+ Passed"),
        (vote(60), "A,B", "A beside C,D; A pass; B pass", "A+ C? D? B+ Pending"),
    ]);
}

#[test]
fn only_who_added_takes_out_and_only_before_a_decision() {
    check(&[
        (Mode::Any, "A,B", "A beside C; A remove C", "A/B? Pending"),
        (Mode::Any, "A,B", "A beside C; A remove C; A remove C", "A/B? Pending repeat"),
        (Mode::Any, "A,B", "A beside C; B remove C", "A/B/C? Pending NotAdded(\"C\")"),
        (Mode::Any, "A,B", "A remove B", "A/B? Pending NotAdded(\"B\")"),
        (Mode::Any, "A,B", "A beside C; C claim; A remove C", "A/B? Pending"),
        (Mode::Any, "A,B", "A beside C; C delegate D; A remove C", "A/B? Pending"),
        (Mode::Any, "A,B", "A before C; A remove C", "A/B? Cx Pending"),
        (Mode::All, "A,B", "A beside C; A remove C", "A? Cx B? Pending"),
        (Mode::All, "A,B", "A beside C; A pass; B pass; A remove C", "A+ Cx B+ Passed"),
        (Mode::All, "A,B", "A beside C; C pass; A remove C", "A? C+ B? Pending NotAdded(\"C\")"),
        (Mode::All, "A,B", "A before C; A remove C", "A? Cx B? Pending"),
        (Mode::All, "A,B", "A before C; C before D; A remove C", "A? Cx Dx B? Pending"),
        (
            Mode::All,
            "A,B",
            "A before C; C before D; A remove D",
            "A. C. D? B? Pending NotAdded(\"D\")",
        ),
        (Mode::All, "A,B", "A after C; A pass; A remove C", "A+ Cx B? Pending"),
        (Mode::All, "A,B", "A before C; C transfer D; A remove D", "A? Dx B? Pending"),
        (Mode::All, "A,B", "A before C; C delegate D; A remove C", "A? Dx B? Pending"),
        (Mode::All, "A,B", "A remove B", "A? B? Pending NotAdded(\"B\")"),
        (Mode::All, "A,B", "A remove A", "A? B? Pending NotAdded(\"A\")"),
        (Mode::All, "A,B", "Z remove A", "A? B? Pending NotYours(\"Z\")"),
        (Mode::Sequence, "A,B", "A beside C; A pass; A remove C", "A+ Cx B? Pending"),
        (Mode::Sequence, "A,B", "A after C; A remove C; A pass", "A+ Cx B? Pending"),
        (vote(60), "A,B", "A beside C,D; A pass; B pass; A remove D", "A+ Cx Dx B+ Passed"),
        (vote(60), "A,B", "A beside C; A remove C; A pass", "A+ Cx B? Pending"),
    ]);
}

#[test]
fn only_a_seat_of_several_people_is_claimed() {
    check(&[
        (Mode::Any, "A,B", "A claim", "A*? Pending"),
        (Mode::Any, "A,B", "A claim; B pass", "A*? Pending NotYours(\"B\")"),
        (Mode::Any, "A,B", "A claim; B claim", "A*? Pending NotClaimable"),
        (Mode::Any, "A,B", "A claim; A claim", "A*? Pending repeat"),
        (Mode::Any, "A,B", "A claim; A release", "A/B? Pending"),
        (Mode::Any, "A,B", "A claim; A release; A release", "A/B? Pending repeat"),
        (Mode::Any, "A,B", "A claim; B release", "A*? Pending NotClaimable"),
        (Mode::Any, "A,B", "A claim; A pass", "A*+ Passed"),
        (Mode::Any, "A,B", "A pass; B claim", "A/B+ Passed Over"),
        (Mode::Any, "A", "A claim", "A? Pending NotClaimable"),
        (Mode::Any, "A,B", "Z claim", "A/B? Pending NotYours(\"Z\")"),
        (Mode::All, "A,B", "A claim", "A? B? Pending WrongMode"),
        (Mode::All, "A,B", "A release", "A? B? Pending WrongMode"),
        (Mode::Sequence, "A,B", "A claim", "A? B. Pending WrongMode"),
        (Mode::Sequence, "A,B", "A release", "A? B. Pending WrongMode"),
        (vote(50), "A,B", "A claim", "A? B? Pending WrongMode"),
        (vote(50), "A,B", "A release", "A? B? Pending WrongMode"),
    ]);
}

#[test]
fn a_decision_is_taken_back_until_somebody_built_on_it() {
    check(&[
        (Mode::Any, "A,B", "A pass; A undo", "A/B+ Passed Over"),
        (Mode::Any, "A,B", "A after C; A pass; A undo", "A/B? C. Pending"),
        (Mode::Any, "A,B", "A after C,D; A pass; C pass; A undo", "A/B. C+ D? Pending TooLate"),
        (Mode::Any, "A,B", "A before C; C pass; C undo", "A/B. C? Pending"),
        (
            Mode::Any,
            "A,B",
            "A before C; C pass; A after D; A pass; C undo",
            "A/B. D? C+ Pending TooLate",
        ),
        (Mode::Any, "A,B", "A undo", "A/B? Pending NotYours(\"A\")"),
        (Mode::All, "A,B", "A pass; A undo", "A? B? Pending"),
        (Mode::All, "A,B", "A pass; A undo; A undo", "A? B? Pending repeat"),
        (Mode::All, "A,B", "A pass; A undo; A reject", "A- Bx Rejected"),
        (Mode::All, "A,B", "A pass; B undo", "A+ B? Pending NotYours(\"B\")"),
        (Mode::All, "A,B", "A reject; A undo", "A- Bx Rejected Over"),
        (Mode::All, "A,B", "A pass; B transfer A; A undo", "A+ A? Pending NotYours(\"A\")"),
        (Mode::Sequence, "A,B,C", "A pass; A undo", "A? B. C. Pending"),
        (Mode::Sequence, "A,B,C", "A pass; B pass; A undo", "A+ B+ C? Pending TooLate"),
        (Mode::Sequence, "A,B,C", "A pass; B pass; B undo", "A+ B? C. Pending"),
        (Mode::Sequence, "A,B", "A pass; B delegate C; C pass; A undo", "A+ B? Pending TooLate"),
        (Mode::Sequence, "A,B", "A pass; B before C; C pass; A undo", "A+ B? C+ Pending TooLate"),
        (vote(50), "A,B,C,D", "A reject; A undo", "A? B? C? D? Pending"),
        (
            vote(50),
            "A,B,C",
            "A after D; A reject; B transfer D; A undo",
            "A- Dx D? C? Pending AlreadyThere(\"D\")",
        ),
        (vote(60), "A,B,C", "A before D; D reject; D undo", "A. D? B? C? Pending"),
        (Mode::Any, "A,B", "A pass; reopen A", "A/B? Pending"),
        (Mode::All, "A,B", "A pass; B pass; reopen A", "A? B+ Pending"),
        (Mode::Sequence, "A,B", "A pass; B pass; reopen B", "A+ B? Pending"),
        (Mode::Sequence, "A,B", "A pass; B pass; reopen A", "A+ B+ Passed TooLate"),
        (vote(60), "A,B,C", "A pass; B pass; reopen B", "A+ B? C? Pending"),
    ]);
}

#[test]
fn the_house_puts_somebody_in_anothers_place() {
    check(&[
        (Mode::Any, "A,B", "house A C", "C/B? Pending"),
        (Mode::Any, "A,B", "house A B", "B? Pending"),
        (Mode::Any, "A,B", "A claim; house A C", "C*? Pending"),
        (Mode::Any, "A,B", "A claim; house A B", "B? Pending"),
        (Mode::Any, "A", "A before B; house A B", "B? Bx Pending"),
        (Mode::Any, "A", "A beside C,D; house A C", "C/D? Pending"),
        (Mode::Any, "A", "A beside C,D; house A C; C remove D", "C/D? Pending NotAdded(\"D\")"),
        (Mode::All, "A,B", "house A C", "C? B? Pending"),
        (Mode::All, "A,B", "house A C; house A C", "C? B? Pending repeat"),
        (Mode::All, "A,B", "house A B", "Ax B? Pending"),
        (Mode::All, "A,B", "house A B; house A B", "Ax B? Pending repeat"),
        (Mode::All, "A,B", "house A A", "A? B? Pending Oneself"),
        (Mode::All, "A,B", "house Z C", "A? B? Pending NotYours(\"Z\")"),
        (Mode::All, "A,B", "A pass; house A C", "A+ B? Pending Over"),
        (Mode::All, "A,B", "A before C; house A B", "Ax C? B. Pending"),
        (Mode::All, "A,B", "A before C; house C B", "A? Cx B? Pending"),
        (Mode::All, "A,B", "A before C; house B C", "A? Cx C? Pending"),
        (Mode::All, "A,B", "A before C; house A D; D remove C", "D? Cx B? Pending"),
        (Mode::All, "A,B", "A delegate C; house A D; C pass", "D? B? Pending"),
        (Mode::All, "A,B", "A delegate C; house C D; D pass", "A? B? Pending"),
        (Mode::All, "A,B", "A delegate C; house A B; C pass", "C+ B? Pending"),
        (Mode::All, "A,B", "A delegate C; house C B", "A? B? Pending"),
        (Mode::Sequence, "A,B", "house B C", "A? C. Pending"),
        (Mode::Sequence, "A,B", "house A B", "Ax B? Pending"),
        (Mode::Sequence, "A,B", "house B A", "A? Bx Pending"),
        (vote(60), "A,B", "house A C; C pass", "C+ B? Pending"),
        (vote(60), "A,B,C", "A pass; house B C", "A+ Bx C? Pending"),
    ]);
}

#[test]
fn a_timeout_decides_what_waits() {
    check(&[
        (Mode::Any, "A,B", "force pass", "A/B+ Passed"),
        (Mode::Any, "A,B", "force reject", "A/B- Rejected"),
        (Mode::Any, "A,B", "A delegate C; force pass", "C/B+ Passed"),
        (Mode::All, "A,B", "A pass; force pass", "A+ B+ Passed"),
        (Mode::All, "A,B", "A pass; force reject", "A+ B- Rejected"),
        (Mode::All, "A,B", "A before C; force pass", "A? C+ B+ Pending"),
        (Mode::Sequence, "A,B", "force pass", "A+ B? Pending"),
        (Mode::Sequence, "A,B", "force reject", "A- Bx Rejected"),
        (vote(60), "A,B,C", "A reject; force pass", "A- B+ C+ Passed"),
        (vote(60), "A,B,C", "A pass; force reject", "A+ B- C- Rejected"),
        (Mode::Any, "A", "A pass; force reject", "A+ Passed repeat"),
    ]);
}
