//! What is known here of a decision about a task of our own engine: whether it comes too late, and
//! whether the same person has made it already. Who may decide flow-service knows.

use shared::id::AppId;

use super::order::Order;
use super::status::TaskResult;
use super::task::{CardState, Task};

/// How a task can be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Pass,
    Reject,
    /// Sends the order back.
    Rebut,
    /// "I have seen it and shall do it": nothing moves.
    Accept,
}

impl Action {
    /// Every word.
    pub(crate) const WORDS: &'static [(&'static str, Action)] = &[
        ("pass", Action::Pass),
        ("reject", Action::Reject),
        ("rebut", Action::Rebut),
        ("accept", Action::Accept),
    ];

    /// What assignees were offered by releases that did not say so.
    pub(crate) fn offered_once() -> Vec<String> {
        ["pass", "reject", "accept"].map(str::to_owned).to_vec()
    }

    fn result(self) -> TaskResult {
        match self {
            Action::Pass => TaskResult::Pass,
            Action::Reject => TaskResult::Reject,
            Action::Rebut => TaskResult::Rebut,
            Action::Accept => TaskResult::Accept,
        }
    }
}

/// The word for undoing one's own decision among what a person may do.
pub(crate) const TAKE_BACK: &str = "take_back";

/// Who decides.
#[derive(Clone, Debug)]
pub(crate) struct Decider {
    pub(crate) user: String,
    /// The application that names them; absent where they ask themselves.
    pub(crate) app: Option<AppId>,
}

/// A task as a decision finds it.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) app: AppId,
    pub(crate) is_open: bool,
    pub(crate) result: TaskResult,
    /// The decider's card.
    pub(crate) card: Option<CardState>,
    /// Somebody has an open card of it.
    pub(crate) waits_for_somebody: bool,
}

impl Standing {
    pub(crate) fn of(order: &Order, task: &Task, user: &str) -> Self {
        Self {
            app: order.key.app.clone(),
            is_open: task.is_open(),
            result: task.result,
            card: task.cards.get(user).map(|card| card.state),
            waits_for_somebody: task.cards.values().any(|card| card.state == CardState::Open),
        }
    }
}

/// Whether there is anything left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    Go,
    /// The same person did the same before.
    Done,
}

/// Why a task cannot be decided so.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("该任务或订单属于三方流程，请在 ERP 中处理")]
    ThirdParty,
    #[error("该任务属于其他应用的流程，不能由本应用处理")]
    OtherApplication,
    #[error("{0} 不是该任务的处理人")]
    NotAssignee(String),
    #[error("任务已处理或已撤销")]
    Over,
}

/// Saying the same again changes nothing, and what is over is over. Only of accepting, which nobody
/// else hears of, we know who may: an assignee, or for a task that waits for nobody the flow's own
/// application, in anybody's name.
pub(crate) fn judge(
    standing: &Standing,
    action: Action,
    decider: &Decider,
) -> Result<Judgement, Refusal> {
    judge_other(standing, decider)?;
    let is_same = standing.result == action.result();
    let not_theirs = || Err(Refusal::NotAssignee(decider.user.clone()));
    match (standing.is_open, standing.card, action) {
        (false, Some(CardState::Done), _) if is_same => Ok(Judgement::Done),
        (false, None, _) if decider.app.is_none() => not_theirs(),
        (false, _, _) => Err(Refusal::Over),
        (true, _, Action::Pass | Action::Reject | Action::Rebut) => Ok(Judgement::Go),
        (true, Some(CardState::Open), Action::Accept) if is_same => Ok(Judgement::Done),
        (true, Some(CardState::Open), Action::Accept) => Ok(Judgement::Go),
        (true, _, Action::Accept) if decider.app.is_none() || standing.waits_for_somebody => {
            not_theirs()
        }
        (true, _, Action::Accept) if is_same => Ok(Judgement::Done),
        (true, _, Action::Accept) => Ok(Judgement::Go),
    }
}

/// Of anything else that is done with a task we know only whose flow it is.
pub(crate) fn judge_other(standing: &Standing, decider: &Decider) -> Result<Judgement, Refusal> {
    match &decider.app {
        Some(app) if *app != standing.app => Err(Refusal::OtherApplication),
        Some(_) | None => Ok(Judgement::Go),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(card: Option<CardState>) -> Standing {
        Standing {
            app: AppId::stored("A"),
            is_open: true,
            result: TaskResult::New,
            card,
            waits_for_somebody: card == Some(CardState::Open),
        }
    }

    fn over(result: TaskResult, card: Option<CardState>) -> Standing {
        Standing { is_open: false, result, waits_for_somebody: false, ..open(card) }
    }

    fn person() -> Decider {
        Decider { user: "U".to_owned(), app: None }
    }

    fn application(app: &str) -> Decider {
        Decider { user: "U".to_owned(), app: Some(AppId::stored(app)) }
    }

    #[test]
    fn who_may_decide_an_open_task_is_not_judged_here_but_who_may_accept_it() {
        let waiting_for_another = Standing { waits_for_somebody: true, ..open(None) };

        for decider in [person(), application("A")] {
            let judged = |action| judge(&waiting_for_another, action, &decider);
            assert_eq!(judged(Action::Pass), Ok(Judgement::Go));
            assert_eq!(judged(Action::Accept), Err(Refusal::NotAssignee("U".to_owned())));
        }
    }

    #[test]
    fn a_task_that_waits_for_nobody_is_accepted_by_its_own_application() {
        let judged = |decider| judge(&open(None), Action::Accept, &decider);

        assert_eq!(judged(application("A")), Ok(Judgement::Go));
        assert_eq!(judged(application("B")), Err(Refusal::OtherApplication));
        assert_eq!(judged(person()), Err(Refusal::NotAssignee("U".to_owned())));
    }

    #[test]
    fn nothing_is_done_with_a_task_of_another_applications_flow() {
        let passed = over(TaskResult::Pass, Some(CardState::Done));

        for standing in [open(Some(CardState::Open)), passed] {
            let other = application("B");
            assert_eq!(judge(&standing, Action::Pass, &other), Err(Refusal::OtherApplication));
            assert_eq!(judge_other(&standing, &other), Err(Refusal::OtherApplication));
            assert_eq!(judge_other(&standing, &person()), Ok(Judgement::Go));
        }
    }

    #[test]
    fn what_is_over_is_over_except_for_whoever_says_the_same_again() {
        let handled = over(TaskResult::Pass, Some(CardState::Done));
        let by_another = over(TaskResult::Pass, Some(CardState::Gone));

        assert_eq!(judge(&handled, Action::Pass, &person()), Ok(Judgement::Done));
        assert_eq!(judge(&handled, Action::Reject, &person()), Err(Refusal::Over));
        assert_eq!(judge(&handled, Action::Accept, &person()), Err(Refusal::Over));
        assert_eq!(judge(&by_another, Action::Pass, &person()), Err(Refusal::Over));
    }

    #[test]
    fn a_stranger_learns_nothing_of_a_task_that_is_over() {
        let others = over(TaskResult::Pass, None);

        let theirs = judge(&others, Action::Pass, &person());

        assert_eq!(theirs, Err(Refusal::NotAssignee("U".to_owned())));
        assert_eq!(judge(&others, Action::Pass, &application("A")), Err(Refusal::Over));
    }

    #[test]
    fn accepting_twice_changes_nothing_and_does_not_stand_in_the_way() {
        let accepted = Standing { result: TaskResult::Accept, ..open(Some(CardState::Open)) };

        assert_eq!(judge(&accepted, Action::Accept, &person()), Ok(Judgement::Done));
        assert_eq!(judge(&accepted, Action::Pass, &person()), Ok(Judgement::Go));
    }
}
