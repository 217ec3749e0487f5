//! One case of an execution: launch, complete what is open until nothing moves, read what happened.

use std::time::Duration;

use serde_json::{Value, json};

use crate::corpus::{Execution, ExecutionCase, Variables};
use crate::driver::{Driver, Task};
use crate::trace::{Completed, Seen};

/// How often the runner looks.
const LOOK: Duration = Duration::from_millis(100);
/// Nothing happened for so long = quiet.
const QUIET: Duration = Duration::from_millis(500);
/// The least time after the last launch.
const LEAST: Duration = Duration::from_secs(1);
/// How long `hold` and `hold_10s` hold.
const HOLD: Duration = Duration::from_secs(10);
/// No case lasts longer.
const LONGEST: Duration = Duration::from_secs(120);
const MOST_TASKS: usize = 2_000;

/// Which open task is done first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The oldest.
    Fifo,
    /// The newest.
    Lifo,
}

/// What is seen of a case whose drawing is published.
pub fn perform(
    driver: &mut dyn Driver,
    test: &Execution,
    case: &ExecutionCase,
    suffix: &str,
    policy: Policy,
) -> Seen {
    let mut seen = Seen { accepted: true, ..Seen::default() };
    let performed = launch(driver, test, case, suffix, &mut seen).and_then(|main| {
        let run = Run { test, policy, suffix, held_since: None, completed: 0 };
        run.until_quiet(driver, Duration::from_millis(case.settle_ms), &mut seen)?;
        conclude(driver, &main, suffix, &mut seen)
    });
    if let Err(why) = performed {
        seen.runtime_error = true;
        seen.said.push(why);
    }
    seen
}

/// Launches everything; the main order's id.
fn launch(
    driver: &mut dyn Driver,
    test: &Execution,
    case: &ExecutionCase,
    suffix: &str,
    seen: &mut Seen,
) -> Result<String, String> {
    let mut main = None;
    for start in &case.start {
        match driver.start(&format!("{}{suffix}", start.process), &start.variables) {
            Ok(order) if main.is_none() || start.process == test.main_process => main = Some(order),
            Ok(_) => {}
            Err(why) => {
                seen.runtime_error = true;
                seen.said.push(format!("start of {}: {why}", start.process));
            }
        }
    }
    main.ok_or_else(|| "nothing could be started".to_owned())
}

struct Run<'t> {
    test: &'t Execution,
    policy: Policy,
    suffix: &'t str,
    held_since: Option<Duration>,
    completed: usize,
}

impl Run<'_> {
    fn until_quiet(
        mut self,
        driver: &mut dyn Driver,
        settle: Duration,
        seen: &mut Seen,
    ) -> Result<(), String> {
        let launched = driver.elapsed();
        let (mut records, mut moved) = (0, launched);
        loop {
            if driver.elapsed() > LONGEST || self.completed > MOST_TASKS {
                return Err("the run does not come to rest".into());
            }
            let mut open = driver.tasks()?;
            open.iter_mut().for_each(|task| task.activity = plain(&task.activity, self.suffix));
            if let Some(task) = self.choose(&open, driver.elapsed(), seen) {
                self.complete(driver, &task, seen)?;
                moved = driver.elapsed();
                continue;
            }
            let now_records = driver.history()?.records.len();
            if now_records != records {
                (records, moved) = (now_records, driver.elapsed());
            }
            let held = self.held_since.is_some_and(|since| driver.elapsed() < since + HOLD);
            let settled = driver.elapsed() >= launched + settle.max(LEAST);
            if !held && settled && driver.elapsed() >= moved + QUIET {
                return Ok(());
            }
            driver.pass(LOOK)?;
        }
    }

    fn effect(&self, activity: &str) -> Option<&str> {
        let script = self.test.script_tasks.iter().find(|it| it.id == activity);
        script.and_then(|it| it.effect.as_deref())
    }

    /// The next task to complete, if one may be: people only do what was a script.
    fn choose(&mut self, open: &[Task], now: Duration, seen: &mut Seen) -> Option<Task> {
        let holds =
            |task: &&Task| self.effect(&task.activity).is_some_and(|it| it.starts_with("hold"));
        let held: Vec<&str> = open.iter().filter(holds).map(|it| it.activity.as_str()).collect();
        let since = match held.is_empty() {
            true => None,
            false => Some(self.held_since.unwrap_or(now)),
        };
        let together =
            self.test.script_tasks.iter().filter(|it| it.effect.as_deref() == Some("hold"));
        let all_open = together.clone().count() > 0
            && together.into_iter().all(|it| held.contains(&it.id.as_str()));
        if all_open {
            let open = open.iter().map(|it| it.activity.clone()).collect();
            if seen.open_log.last() != Some(&open) {
                seen.open_log.push(open);
            }
        }
        let waited = since.is_some_and(|since| now >= since + HOLD);
        let may = |task: &&Task| {
            let is_a_persons = self.test.script_tasks.iter().any(|it| it.id == task.activity);
            is_a_persons
                && match self.effect(&task.activity) {
                    Some("hold") => {
                        all_open
                            || waited
                            || seen.open_log.iter().any(|it| it.contains(&task.activity))
                    }
                    Some(effect) if effect.starts_with("hold") => waited,
                    _ => true,
                }
        };
        let mut may_be_done: Vec<&Task> = open.iter().filter(may).collect();
        may_be_done.sort_by_key(|task| task.created);
        let chosen = match self.policy {
            Policy::Fifo => may_be_done.first(),
            Policy::Lifo => may_be_done.last(),
        };
        let chosen = chosen.map(|task| (*task).clone());
        self.held_since = since;
        chosen
    }

    fn complete(
        &mut self,
        driver: &mut dyn Driver,
        task: &Task,
        seen: &mut Seen,
    ) -> Result<(), String> {
        self.completed += 1;
        let mut variables = Variables::new();
        let mut error = None;
        let effect = self.effect(&task.activity);
        match effect {
            Some("increment") => {
                let before = driver.variables(&task.order)?;
                let count = before.get("integerVariable").and_then(Value::as_i64).unwrap_or(0);
                variables.insert("integerVariable".into(), json!(count + 1));
            }
            Some("set") => {
                variables.insert("data".into(), json!("String"));
            }
            Some("throw_error") => error = Some("ERR_CODE"),
            _ => {}
        }
        let read = effect == Some("read");
        let done = driver.complete(task, &variables, error);
        done.map_err(|why| format!("completion of {}: {why}", task.activity))?;
        if read {
            seen.variables = driver.variables(&task.order)?;
        }
        Ok(())
    }
}

/// Reads history, states and variables.
fn conclude(
    driver: &mut dyn Driver,
    main: &str,
    suffix: &str,
    seen: &mut Seen,
) -> Result<(), String> {
    let history = driver.history()?;
    let completed = history.records.iter().filter(|record| record.event == "completed");
    seen.trace = completed
        .map(|record| Completed { activity: plain(&record.activity, suffix), seq: record.seq })
        .collect();
    seen.final_state = history.order(main).map(|order| order.final_state().to_owned());
    for order in &history.orders {
        if let Some(stuck) = &order.stuck {
            seen.runtime_error = true;
            seen.said.push(stuck.clone());
        }
    }
    let last = driver.variables(main)?;
    for (name, value) in last {
        seen.variables.entry(name).or_insert(value);
    }
    Ok(())
}

/// A global task's id carries the run's suffix as a process's does; the corpus names it without.
fn plain(activity: &str, suffix: &str) -> String {
    activity.strip_suffix(suffix).unwrap_or(activity).to_owned()
}
