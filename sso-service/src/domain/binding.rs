//! Which of our people somebody is who signed in elsewhere.

use serde_json::Value;
use shared::id::UserCode;

/// The longest subject, name or address that is kept.
const TEXT_MAX_CHARS: usize = 255;

/// Somebody as the other side names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Their id there; the ERP's is the user code.
    pub(crate) subject: String,
    pub(crate) name: Option<String>,
    pub(crate) mobile: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) department: Option<String>,
}

/// Why an answer names nobody.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the answer names no user id")]
    NoSubject,
    #[error("the user id is no code")]
    Subject,
}

impl Identity {
    /// Reads the answer of a userinfo address, in any of the usual spellings. An id that is no code
    /// is refused whole: nothing else in such an answer is worth believing.
    pub(crate) fn read(answer: &Value) -> Result<Self, Refusal> {
        let subject = word(answer, &["userId", "user_id", "sub"]).ok_or(Refusal::NoSubject)?;
        let is_padded = subject.trim() != subject;
        if is_padded || UserCode::parse(&subject).is_err() {
            return Err(Refusal::Subject);
        }
        let text = |names: &[&str]| word(answer, names).filter(|text| is_text(text));
        Ok(Self {
            subject,
            name: text(&["name", "nick", "username", "preferred_username"]),
            mobile: text(&["phoneNumber", "phone_number", "phone", "mobile"]),
            email: text(&["email"]).filter(|text| is_email(text)),
            department: text(&["deptId", "dept_id"]),
        })
    }
}

/// The first of `names` that is there, a number as its digits.
fn word(answer: &Value, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| match answer.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        _ => None,
    })
}

fn is_text(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= TEXT_MAX_CHARS
        && !text.chars().any(shared::id::is_forbidden)
}

fn is_email(text: &str) -> bool {
    let halves = text.split_once('@');
    !text.chars().any(char::is_whitespace)
        && halves
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
}

/// Which part of an identity names a person of ours, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The ERP's user code.
    Code,
    /// The bound DingTalk user.
    Dingtalk,
    /// An earlier sign-in of the same subject.
    Bound,
    Mobile,
    Email,
}

impl By {
    const STRONGEST_FIRST: [By; 5] = [By::Code, By::Dingtalk, By::Bound, By::Mobile, By::Email];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            By::Code => "code",
            By::Dingtalk => "dingtalk",
            By::Bound => "bound",
            By::Mobile => "mobile",
            By::Email => "email",
        }
    }

    /// From sync-service's word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "code" => Some(By::Code),
            "dingtalk" => Some(By::Dingtalk),
            "bound" => Some(By::Bound),
            "mobile" | "dingtalkMobile" => Some(By::Mobile),
            "email" => Some(By::Email),
            _ => None,
        }
    }
}

/// A person of ours whom a part of the identity names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) user: UserCode,
    pub(crate) name: String,
    pub(crate) active: bool,
    pub(crate) revision: i64,
    pub(crate) department: String,
    pub(crate) by: By,
}

/// Who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Person(Candidate),
    /// Several fit equally well: nobody is signed in.
    Ambiguous {
        by: By,
        users: Vec<String>,
    },
    /// Only people who may not act.
    Disabled(UserCode),
    Unknown,
}

/// The strongest part that names anybody decides. A mobile or an address may have gone from one who
/// left to one who is here, so of several the active ones count.
pub(crate) fn decide(candidates: &[Candidate]) -> Verdict {
    for by in By::STRONGEST_FIRST {
        let mut named: Vec<&Candidate> =
            candidates.iter().filter(|candidate| candidate.by == by).collect();
        named.dedup_by(|one, other| one.user == other.user);
        let active: Vec<&&Candidate> = named.iter().filter(|one| one.active).collect();
        match (active.as_slice(), named.first()) {
            ([], None) => {}
            ([], Some(disabled)) => return Verdict::Disabled(disabled.user.clone()),
            ([person], _) => return Verdict::Person((**person).clone()),
            (several, _) => {
                let users = several.iter().map(|one| one.user.to_string()).collect();
                return Verdict::Ambiguous { by, users };
            }
        }
    }
    Verdict::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn candidate(user: &str, by: By, active: bool) -> Candidate {
        Candidate {
            user: UserCode::stored(user),
            name: user.to_owned(),
            active,
            revision: 1,
            department: "D".to_owned(),
            by,
        }
    }

    fn person(verdict: Verdict) -> Option<String> {
        match verdict {
            Verdict::Person(person) => Some(person.user.into_string()),
            Verdict::Ambiguous { .. } | Verdict::Disabled(_) | Verdict::Unknown => None,
        }
    }

    #[test]
    fn the_strongest_part_decides() {
        let all = [
            candidate("BY_MAIL", By::Email, true),
            candidate("BY_MOBILE", By::Mobile, true),
            candidate("BOUND", By::Bound, true),
            candidate("CODE", By::Code, true),
        ];

        assert_eq!(person(decide(&all)).as_deref(), Some("CODE"));
        assert_eq!(person(decide(&all[..3])).as_deref(), Some("BOUND"));
        assert_eq!(person(decide(&all[..2])).as_deref(), Some("BY_MOBILE"));
        assert_eq!(person(decide(&all[..1])).as_deref(), Some("BY_MAIL"));
        assert_eq!(decide(&[]), Verdict::Unknown);
    }

    #[test]
    fn two_who_fit_are_nobody_and_one_twice_is_one() {
        let two = [candidate("A", By::Mobile, true), candidate("B", By::Mobile, true)];
        let users = vec!["A".to_owned(), "B".to_owned()];
        assert_eq!(decide(&two), Verdict::Ambiguous { by: By::Mobile, users });

        let twice = [candidate("A", By::Mobile, true), candidate("A", By::Mobile, true)];
        assert_eq!(person(decide(&twice)).as_deref(), Some("A"));
    }

    #[test]
    fn whoever_left_is_refused_unless_somebody_has_their_number_now() {
        let left = candidate("LEFT", By::Mobile, false);
        assert_eq!(
            decide(std::slice::from_ref(&left)),
            Verdict::Disabled(UserCode::stored("LEFT"))
        );
        assert_eq!(
            person(decide(&[left, candidate("HERE", By::Mobile, true)])).as_deref(),
            Some("HERE")
        );
        let code = candidate("LEFT", By::Code, false);
        let mobile = candidate("HERE", By::Mobile, true);
        assert_eq!(decide(&[code, mobile]), Verdict::Disabled(UserCode::stored("LEFT")));
    }

    #[test]
    fn an_identity_is_read_in_every_usual_spelling() {
        let documented = json!({"userId": "USER001", "username": "zhangsan", "name": "张三",
            "phoneNumber": "13800138000", "email": "zhangsan@example.com", "deptId": "DEPT001"});
        let standard = json!({"sub": "USER001", "name": "张三", "phone_number": "13800138000",
            "email": "zhangsan@example.com", "dept_id": "DEPT001"});

        let read = Identity::read(&documented).unwrap();

        assert_eq!(read, Identity::read(&standard).unwrap());
        assert_eq!(
            (read.subject.as_str(), read.mobile.as_deref()),
            ("USER001", Some("13800138000"))
        );
        assert_eq!(Identity::read(&json!({"userId": 42})).unwrap().subject, "42");
    }

    #[test]
    fn an_id_that_is_no_code_names_nobody() {
        let long = "U".repeat(300);
        for wrong in [" USER001", "USER001 ", "a\0b", "a\nb", long.as_str()] {
            assert_eq!(
                Identity::read(&json!({"userId": wrong})),
                Err(Refusal::Subject),
                "{wrong:?}"
            );
        }
        for none in [json!({}), json!({"userId": ""}), json!({"userId": null}), json!([])] {
            assert_eq!(Identity::read(&none), Err(Refusal::NoSubject));
        }
        let odd = json!({"userId": "U", "email": "no address", "name": "a\nb"});
        let read = Identity::read(&odd).unwrap();
        assert_eq!((read.email, read.name), (None, None));
    }
}
