//! What can be asked of an instance.

use crate::value::{Value, Variables};

/// One request; each is carried out wholly or refused wholly.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Begins it. Only a fresh instance can be started.
    Start {
        /// The start event (or instantiating gateway, receive task) that a message, signal or
        /// timer triggers; `None` is the none start.
        at: Option<String>,
        /// Variables of the root scope.
        variables: Variables,
    },
    /// A user task is done, or a receive task is told to go on.
    CompleteTask {
        /// Which.
        wait: u64,
        /// What it sets.
        variables: Variables,
    },
    /// A task ends with a BPMN error.
    ThrowError {
        /// Which: a user task, a receive task or a call of a service.
        wait: u64,
        /// The error's code.
        code: String,
        /// What went wrong, for people.
        message: String,
        /// What it sets before the error is thrown.
        variables: Variables,
    },
    /// A service answered; the element's output mapping and error rules apply.
    AnswerService {
        /// Which call.
        wait: u64,
        /// What it said.
        answer: Value,
    },
    /// A service will never answer: an incident.
    FailService {
        /// Which call.
        wait: u64,
        /// Why.
        reason: String,
    },
    /// A timer is due.
    FireTimer {
        /// Which.
        wait: u64,
    },
    /// A message for one subscription.
    Message {
        /// Its name.
        name: String,
        /// Which subscription; `None` is the oldest of that name.
        wait: Option<u64>,
        /// What it sets.
        variables: Variables,
    },
    /// A signal for every subscription of its name.
    Signal {
        /// Its name.
        name: String,
        /// What it sets.
        variables: Variables,
    },
    /// Sets variables of the root scope; conditional events look again.
    SetVariables {
        /// What it sets.
        variables: Variables,
    },
    /// Tries the element of an incident again.
    Retry {
        /// The incident.
        wait: u64,
    },
    /// A task is sent back to what was done before it: whatever came from there is undone, and
    /// its element begins again.
    Return {
        /// The task that is sent back.
        wait: u64,
        /// To where: one of [`Instance::return_targets`](crate::Instance::return_targets).
        visit: u64,
        /// Nothing but the task itself goes back, and it comes straight to where it was when the
        /// target is done again.
        straight_back: bool,
    },
    /// The last completion of a task is undone; nobody has acted since.
    TakeBack {
        /// The task that was completed.
        wait: u64,
    },
    /// Everything ends as cancelled.
    Cancel {
        /// Why.
        reason: String,
    },
}

/// Why a command was not carried out; the instance is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing waits under this number, or nothing waits any longer.
    #[error("等待点 {0} 不存在或已结束")]
    UnknownWait(u64),
    /// Nothing waits for a message of this name.
    #[error("没有等待消息 {0} 的节点")]
    NobodyWaits(String),
    /// The wait is of another kind than the command wants.
    #[error("该等待点不支持此操作")]
    WrongKind,
    /// The instance has ended.
    #[error("流程已结束")]
    Over,
    /// The instance has not been started.
    #[error("流程尚未启动")]
    NotStarted,
    /// The instance has been started before.
    #[error("流程已启动")]
    AlreadyStarted,
    /// There is no such way to start the process.
    #[error("开始节点 {0} 不存在")]
    NoSuchStart(String),
    /// The library has no such process.
    #[error("流程定义 {0} 不存在")]
    UnknownProcess(String),
    /// The task cannot be sent back there.
    #[error("不能退回到该节点")]
    NotATarget,
    /// The target is in another scope: there is no way straight back.
    #[error("目标节点与当前节点不在同一层级，重新提交后不能直接返回")]
    NoWayBack,
    /// Somebody has acted since, or the flow went on.
    #[error("流程已继续处理，不能撤回")]
    TooLate,
    /// A snapshot does not fit: an unknown version, or another drawing.
    #[error("流程快照无法恢复：{0}")]
    BadSnapshot(String),
}
