//! What a task does when people are not as its rules expect: nobody is found, the starter is an
//! approver, somebody is disabled, nobody acts in time, somebody refuses.

use chrono::{DateTime, Utc};
use flow_engine::bpmn::model::Extension;
use flow_engine::time::Period;

use super::approvers::Fault;
use super::calendar::Calendar;

/// What to do with people who are not as expected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Policy {
    /// Absent = an incident, until somebody is found.
    pub(crate) nobody: Option<Nobody>,
    pub(crate) starter: StarterIsApprover,
    pub(crate) same_person: SamePerson,
    /// Absent = an incident, until they are back.
    pub(crate) disabled: Option<Disabled>,
}

/// The rules find nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nobody {
    /// The task is passed without anybody.
    Skip,
    /// The flow's manager gets it.
    Manager,
    /// The task is refused without anybody.
    Refuse,
}

/// The rules find the starter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum StarterIsApprover {
    #[default]
    Allow,
    /// They have said yes by starting.
    Skip,
    /// Their superior decides instead.
    Superior,
}

/// Somebody who has passed another task of the order is asked again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SamePerson {
    #[default]
    Ask,
    /// Their first word counts.
    Skip,
}

/// The rules find somebody who is disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disabled {
    Agent,
    Superior,
    Manager,
}

/// Where a refusal leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum OnReject {
    /// The order ends as refused.
    #[default]
    End,
    /// The drawing goes on with `approved = false`.
    Continue,
    Starter,
    Previous,
    Node(String),
}

/// Nobody acts in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Timeout {
    pub(crate) after: Period,
    /// Only working time counts.
    pub(crate) business: bool,
    pub(crate) action: OnTimeout,
    /// How often it may happen to one task; each time after the same while.
    pub(crate) times: u32,
}

/// What happens then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnTimeout {
    Remind,
    Pass,
    Reject,
    /// Each one's superior gets it.
    Superior,
}

/// Reminders of one task at most.
const MOST_TIMES: u32 = 20;

impl Policy {
    /// Takes over what `aiflow:policy` says; what it leaves out stays.
    pub(super) fn read(&mut self, element: &Extension, faults: &mut Vec<Fault>) {
        for (name, value) in &element.attributes {
            match name.as_str() {
                "nobody" => {
                    let known = [
                        ("skip", Nobody::Skip),
                        ("manager", Nobody::Manager),
                        ("refuse", Nobody::Refuse),
                    ];
                    self.nobody = pick(name, value, &known, faults).or(self.nobody);
                }
                "starterIsApprover" => {
                    let known = [
                        ("allow", StarterIsApprover::Allow),
                        ("skip", StarterIsApprover::Skip),
                        ("superior", StarterIsApprover::Superior),
                    ];
                    self.starter = pick(name, value, &known, faults).unwrap_or(self.starter);
                }
                "samePerson" => {
                    let known = [("ask", SamePerson::Ask), ("skip", SamePerson::Skip)];
                    self.same_person =
                        pick(name, value, &known, faults).unwrap_or(self.same_person);
                }
                "disabled" => {
                    let known = [
                        ("agent", Disabled::Agent),
                        ("superior", Disabled::Superior),
                        ("manager", Disabled::Manager),
                    ];
                    self.disabled = pick(name, value, &known, faults).or(self.disabled);
                }
                _ => faults.push(Fault::unknown(format!("aiflow:policy 中不认识的属性 {name}"))),
            }
        }
    }
}

impl OnReject {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "end" => Some(OnReject::End),
            "continue" => Some(OnReject::Continue),
            "starter" => Some(OnReject::Starter),
            "previous" => Some(OnReject::Previous),
            _ => {
                let node = text.strip_prefix("node:")?.trim();
                (!node.is_empty()).then(|| OnReject::Node(node.to_owned()))
            }
        }
    }
}

impl Timeout {
    /// What `aiflow:timeout` says.
    pub(super) fn read(element: &Extension, faults: &mut Vec<Fault>) -> Option<Self> {
        let before = faults.len();
        let (mut after, mut action) = (None, None);
        let (mut business, mut times) = (false, 1);
        for (name, value) in &element.attributes {
            match name.as_str() {
                "after" => match Period::parse(value) {
                    Ok(period)
                        if period.after(DateTime::UNIX_EPOCH) > Some(DateTime::UNIX_EPOCH) =>
                    {
                        after = Some(period);
                    }
                    Ok(_) => faults.push(Fault::bad("aiflow:timeout 的 after 必须大于零")),
                    Err(fault) => {
                        faults.push(Fault::bad(format!("aiflow:timeout 的 after：{fault}")))
                    }
                },
                "business" => {
                    let known = [("true", true), ("false", false)];
                    business = pick(name, value, &known, faults).unwrap_or_default();
                }
                "action" => {
                    let known = [
                        ("remind", OnTimeout::Remind),
                        ("pass", OnTimeout::Pass),
                        ("reject", OnTimeout::Reject),
                        ("superior", OnTimeout::Superior),
                    ];
                    action = pick(name, value, &known, faults);
                }
                "times" => match value.trim().parse() {
                    Ok(count) if (1..=MOST_TIMES).contains(&count) => times = count,
                    _ => faults.push(Fault::bad(format!("times 应为 1 到 {MOST_TIMES} 的整数"))),
                },
                _ => {
                    faults.push(Fault::unknown(format!("aiflow:timeout 中不认识的属性 {name}")));
                }
            }
        }
        let says = |wanted: &str| element.attributes.iter().any(|(name, _)| name == wanted);
        for wanted in ["after", "action"] {
            if !says(wanted) {
                faults.push(Fault::missing(format!("aiflow:timeout 没有 {wanted}")));
            }
        }
        // A day of working time would be 24 hours of it, which nobody means.
        let has_days = element.attributes.iter().any(|(name, value)| {
            name == "after" && !value.trim().trim_start_matches('-').starts_with("PT")
        });
        if business && has_days && after.is_some() {
            faults.push(Fault::bad("business=\"true\" 时 after 请用小时和分钟，如 PT8H"));
        }
        (faults.len() == before).then_some(())?;
        Some(Self { after: after?, business, action: action?, times })
    }

    /// When it is due for a task that waits since `since`.
    pub(crate) fn due(&self, since: DateTime<Utc>, calendar: &Calendar) -> Option<DateTime<Utc>> {
        match self.after.as_delta().filter(|_| self.business) {
            Some(delta) => Some(calendar.after(since, delta)),
            None => self.after.after(since),
        }
    }
}

/// One of a closed list of words; a wrong one is a fault.
pub(super) fn pick<T: Copy>(
    name: &str,
    value: &str,
    known: &[(&str, T)],
    faults: &mut Vec<Fault>,
) -> Option<T> {
    let found = known.iter().find(|(word, _)| *word == value.trim());
    if found.is_none() {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        faults.push(Fault::bad(format!("{name} 应为 {} 之一", words.join("、"))));
    }
    found.map(|(_, it)| *it)
}
