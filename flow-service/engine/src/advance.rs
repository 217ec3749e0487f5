//! One command carried out: from the command to the next moment at which everything waits.

use chrono::{DateTime, Utc};

use crate::command::{Command, Refusal};
use crate::effect::Effect;
use crate::instance::{Instance, Resume, State, What};
use crate::process::Library;
use crate::trail::Record;
use crate::work::Work;

/// What a command did.
#[derive(Clone, Debug)]
pub struct Step {
    /// The instance afterwards.
    pub instance: Instance,
    /// What the world has to do, in order.
    pub effects: Vec<Effect>,
    /// What happened, in order.
    pub trail: Vec<Record>,
}

/// A command that was not carried out, and the instance as it was.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{why}")]
pub struct Refused {
    /// The instance, unchanged.
    pub instance: Box<Instance>,
    /// Why.
    pub why: Refusal,
}

/// Moves an instance by one command. The same input gives the same output.
pub fn advance(
    library: &Library,
    instance: Instance,
    command: Command,
    now: DateTime<Utc>,
) -> Result<Step, Refused> {
    if let Err(why) = admit(library, &instance, &command) {
        return Err(Refused { instance: Box::new(instance), why });
    }
    let mut work = Work::new(library, instance, now);
    carry_out(&mut work, command);
    work.settle();
    Ok(Step { instance: work.instance, effects: work.effects, trail: work.trail })
}

/// Whether a command can be carried out; nothing can refuse it afterwards.
fn admit(library: &Library, instance: &Instance, command: &Command) -> Result<(), Refusal> {
    if let Command::Start { at, .. } = command {
        return match instance.state {
            State::Fresh => admit_start(library, instance, at.as_deref()),
            State::Running => Err(Refusal::AlreadyStarted),
            State::Completed | State::Failed | State::Cancelled => Err(Refusal::Over),
        };
    }
    match instance.state {
        State::Fresh => return Err(Refusal::NotStarted),
        State::Running => {}
        State::Completed | State::Failed | State::Cancelled => return Err(Refusal::Over),
    }
    let admit_wait = |number: u64, fits: fn(&What) -> bool| {
        let wait = instance.wait(number).ok_or(Refusal::UnknownWait(number))?;
        if fits(&wait.what) { Ok(()) } else { Err(Refusal::WrongKind) }
    };
    match command {
        Command::CompleteTask { wait, .. } => {
            admit_wait(*wait, |what| matches!(what, What::User | What::Receive(_)))
        }
        Command::ThrowError { wait, .. } => {
            admit_wait(*wait, |what| matches!(what, What::User | What::Receive(_) | What::Service))
        }
        Command::AnswerService { wait, .. } | Command::FailService { wait, .. } => {
            admit_wait(*wait, |what| matches!(what, What::Service))
        }
        Command::FireTimer { wait } => admit_wait(*wait, |what| matches!(what, What::Timer(_))),
        Command::Retry { wait } => admit_wait(*wait, |what| matches!(what, What::Incident { .. })),
        Command::Message { name, wait: Some(number), .. } => {
            let wait = instance.wait(*number).ok_or(Refusal::UnknownWait(*number))?;
            if wait.what.takes_message(name) { Ok(()) } else { Err(Refusal::WrongKind) }
        }
        Command::Message { name, wait: None, .. } => {
            let somebody = instance.waits.iter().any(|wait| wait.what.takes_message(name));
            if somebody { Ok(()) } else { Err(Refusal::NobodyWaits(name.clone())) }
        }
        Command::Return { wait, visit, straight_back } => {
            admit_wait(*wait, |what| matches!(what, What::User | What::Receive(_)))?;
            let targets = instance.return_targets(*wait);
            let target = targets.iter().find(|it| it.visit == *visit).ok_or(Refusal::NotATarget)?;
            let reaches = target.same_scope || !straight_back;
            if reaches { Ok(()) } else { Err(Refusal::NoWayBack) }
        }
        Command::TakeBack { wait } if instance.can_take_back(*wait) => Ok(()),
        Command::TakeBack { .. } => Err(Refusal::TooLate),
        Command::Start { .. }
        | Command::Signal { .. }
        | Command::SetVariables { .. }
        | Command::Cancel { .. } => Ok(()),
    }
}

fn admit_start(library: &Library, instance: &Instance, at: Option<&str>) -> Result<(), Refusal> {
    let unknown = || Refusal::UnknownProcess(instance.key.to_string());
    let process = library.get(&instance.key).ok_or_else(unknown)?;
    match at {
        None if process.graph.scope(0).starts.is_empty() => {
            Err(Refusal::NoSuchStart(String::new()))
        }
        None => Ok(()),
        Some(id) if process.starts().iter().any(|start| start.node == id) => Ok(()),
        Some(id) => Err(Refusal::NoSuchStart(id.to_owned())),
    }
}

fn carry_out(work: &mut Work<'_>, command: Command) {
    match command {
        Command::Start { at, variables } => work.start(at.as_deref(), variables),
        Command::CompleteTask { wait, variables } => work.complete_task(wait, variables),
        Command::ThrowError { wait, code, message, variables } => {
            work.fail_task(wait, &code, &message, variables);
        }
        Command::AnswerService { wait, answer } => work.answer_service(wait, &answer),
        Command::FailService { wait, reason } => work.fail_service(wait, reason),
        Command::FireTimer { wait } => work.fire_timer(wait),
        Command::Message { name, wait, variables } => {
            let waits = work.instance.waits.iter();
            let oldest = waits.filter(|it| it.what.takes_message(&name)).map(|it| it.number).next();
            if let Some(wait) = wait.or(oldest) {
                work.trigger(wait, variables);
            }
        }
        Command::Signal { name, variables } => work.deliver_signal(&name, &variables),
        Command::SetVariables { variables } => work.set_at_root(variables),
        Command::Retry { wait } => retry(work, wait),
        Command::Return { wait, visit, straight_back: true } => {
            work.return_and_come_back(wait, visit);
        }
        Command::Return { visit, .. } => work.return_to(visit),
        Command::TakeBack { wait } => work.take_back(wait),
        Command::Cancel { reason } => work.end(State::Cancelled, Some(reason)),
    }
}

fn retry(work: &mut Work<'_>, number: u64) {
    let Some(wait) = work.close_wait(number, true) else { return };
    let What::Incident { resume, .. } = wait.what else { return };
    match resume {
        Resume::Begin => work.begin(wait.owner),
        Resume::Leave => work.complete(wait.owner),
        Resume::Round => work.look_at_round(wait.owner),
        Resume::Arm => work.arm_again(wait.owner, wait.node, wait.definition),
        Resume::Enter(flow) => work.release(wait.owner, flow),
    }
}

impl What {
    fn takes_message(&self, name: &str) -> bool {
        match self {
            What::Message(it) | What::Receive(Some(it)) => **it == *name,
            What::User
            | What::Receive(None)
            | What::Service
            | What::Timer(_)
            | What::Signal(_)
            | What::Condition(_)
            | What::Incident { .. } => false,
        }
    }
}
