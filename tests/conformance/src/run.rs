//! The whole corpus: every test, case and mode, each against a driver of its own.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use flow_engine::bpmn;

use crate::corpus::{Constraint, Corpus, Entry, Execution, Import, Kind, Scenario};
use crate::driver::Driver;
use crate::execution::{self, Policy};
use crate::import;
use crate::render::Rendering;
use crate::report::Outcome;
use crate::scenario::{self, Performance};
use crate::trace::{self, Verdict};

/// How a corpus is driven.
pub struct Runner<'c> {
    /// The corpus.
    pub corpus: &'c Corpus,
    /// Makes an engine for a run whose names end in the suffix.
    pub driver: &'c (dyn Fn(&str) -> anyhow::Result<Box<dyn Driver>> + Sync),
    /// Makes the suffix of the n-th run.
    pub suffix: &'c (dyn Fn(usize) -> String + Sync),
    /// What the scenarios' durations are multiplied with.
    pub scale: f64,
    /// Whether effects may be seen a little later.
    pub patient: bool,
    /// Only tests whose name contains this.
    pub only: Option<String>,
    /// How many runs at the same time.
    pub jobs: usize,
    /// Whose the user tasks are.
    pub user: &'c str,
}

/// The three ways to perform an execution: mode, file, who comes first.
const MODES: [(&str, &str, Policy); 3] = [
    ("user-fifo", "template_user", Policy::Fifo),
    ("user-lifo", "template_user", Policy::Lifo),
    ("auto", "template_auto", Policy::Fifo),
];

/// One thing to run.
enum Job<'c> {
    Test(&'c Entry, Option<(&'static str, &'static str, Policy)>),
    Static(&'c Constraint, bool),
}

impl Runner<'_> {
    /// Runs everything that is chosen, in the corpus's order.
    pub fn run(&self) -> Vec<Outcome> {
        let mut jobs = Vec::new();
        for entry in self.corpus.entries.iter().filter(|it| self.chosen(&it.id)) {
            if entry.kind == Kind::Execution {
                jobs.extend(MODES.map(|mode| Job::Test(entry, Some(mode))));
            } else {
                jobs.push(Job::Test(entry, None));
            }
        }
        let constraints = &self.corpus.constraints;
        for (list, refuse) in [(&constraints.tests, true), (&constraints.accept, false)] {
            let chosen = list.iter().filter(|it| self.chosen(&it.id));
            jobs.extend(chosen.map(|it| Job::Static(it, refuse)));
        }
        let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.clamp(1, 64) {
                scope.spawn(|| {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(job) = jobs.get(index) else { return };
                        let outcomes = self.perform(job, index * 100);
                        if let Ok(mut done) = done.lock() {
                            done.push((index, outcomes));
                        }
                    }
                });
            }
        });
        let mut done = done.into_inner().unwrap_or_default();
        done.sort_by_key(|(index, _)| *index);
        done.into_iter().flat_map(|(_, outcomes)| outcomes).collect()
    }

    fn chosen(&self, id: &str) -> bool {
        self.only.as_ref().is_none_or(|only| id.contains(only.as_str()))
    }

    fn perform(&self, job: &Job<'_>, number: usize) -> Vec<Outcome> {
        let attempt = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| match job {
            Job::Test(entry, Some(mode)) => self.execution(entry, *mode, number),
            Job::Test(entry, None) if entry.kind == Kind::Scenario => self.scenario(entry, number),
            Job::Test(entry, None) => self.import(entry, number),
            Job::Static(constraint, refuse) => {
                Ok(vec![self.constraint(constraint, *refuse, number)])
            }
        }));
        let why = match attempt {
            Ok(Ok(outcomes)) => return outcomes,
            Ok(Err(err)) => format!("{err:#}"),
            Err(panic) => format!("PANIC: {}", said(panic.as_ref())),
        };
        let outcome = match job {
            Job::Test(entry, mode) => {
                let mode = mode.map_or("", |(mode, ..)| mode);
                Outcome::of(entry, mode, 0, Verdict::failed(why))
            }
            Job::Static(constraint, refuse) => {
                Outcome::of_constraint(constraint, *refuse, vec![why])
            }
        };
        vec![outcome]
    }

    fn execution(
        &self,
        entry: &Entry,
        (mode, file, policy): (&str, &str, Policy),
        number: usize,
    ) -> anyhow::Result<Vec<Outcome>> {
        let test: Execution = self.corpus.test(entry)?;
        let templates = self.corpus.files(entry, &test.files, file)?;
        let mut outcomes = Vec::new();
        for case in &test.cases {
            let suffix = (self.suffix)(number + outcomes.len());
            // The durations of executions stand as they are.
            let rendering =
                Rendering { suffix: suffix.clone(), scale: 1.0, user: self.user.into() };
            let mut driver = (self.driver)(&suffix)?;
            let seen =
                match self.publish(driver.as_mut(), &templates, &rendering, &test.main_process)? {
                    Ok(()) => execution::perform(driver.as_mut(), &test, case, &suffix, policy),
                    Err(why) => trace::Seen { said: vec![why], ..trace::Seen::default() },
                };
            let mut verdict = trace::judge(&test, case, &seen);
            if !verdict.l3 {
                verdict.why.extend(seen.said.clone());
            }
            outcomes
                .push(Outcome { seen: Some(seen), ..Outcome::of(entry, mode, case.case, verdict) });
        }
        Ok(outcomes)
    }

    fn scenario(&self, entry: &Entry, number: usize) -> anyhow::Result<Vec<Outcome>> {
        let test: Scenario = self.corpus.test(entry)?;
        let templates = self.corpus.files(entry, &test.files, "template")?;
        let mut outcomes = Vec::new();
        for case in &test.cases {
            let suffix = (self.suffix)(number + outcomes.len());
            let rendering =
                Rendering { suffix: suffix.clone(), scale: self.scale, user: self.user.into() };
            let mut driver = (self.driver)(&suffix)?;
            let why =
                match self.publish(driver.as_mut(), &templates, &rendering, &test.main_process)? {
                    Err(why) => vec![format!("refused: {why}")],
                    Ok(()) => {
                        let (scale, patient) = (self.scale, self.patient);
                        let driver = driver.as_mut();
                        let performance = Performance { driver, suffix: &suffix, scale, patient };
                        scenario::perform(performance, &test, case)
                    }
                };
            outcomes.push(Outcome::of(entry, "", case.case, Verdict::plain(why)));
        }
        Ok(outcomes)
    }

    /// Creates and publishes every file. One may need another that comes later, so what is refused
    /// is tried again as long as others succeed.
    fn publish(
        &self,
        driver: &mut dyn Driver,
        templates: &[String],
        rendering: &Rendering,
        main: &str,
    ) -> anyhow::Result<Result<(), String>> {
        let mut codes = Vec::new();
        for (index, template) in templates.iter().enumerate() {
            let xml = rendering.render(self.corpus, template)?;
            let code = match index {
                0 => format!("{main}{}", rendering.suffix),
                _ => first_process(&xml)
                    .unwrap_or_else(|| format!("{main}{}_{index}", rendering.suffix)),
            };
            if let Err(why) = driver.create(&code, &xml) {
                return Ok(Err(why));
            }
            codes.push(code);
        }
        while !codes.is_empty() {
            let before = codes.len();
            let mut refused = None;
            codes.retain(|code| match driver.publish(code) {
                Ok(()) => false,
                Err(why) => {
                    refused = Some(why);
                    true
                }
            });
            if let (Some(why), true) = (refused, before == codes.len()) {
                return Ok(Err(why));
            }
        }
        Ok(Ok(()))
    }

    fn import(&self, entry: &Entry, number: usize) -> anyhow::Result<Vec<Outcome>> {
        let test: Import = self.corpus.test(entry)?;
        let xml = self.corpus.files(entry, &test.files, "verbatim")?.join("");
        let suffix = (self.suffix)(number);
        let mut why = Vec::new();
        let created = (self.driver)(&suffix)?.create(&format!("import{suffix}"), &xml);
        match (created, test.expect.create_accepts) {
            (Err(refusal), true) => why.push(format!("refused: {refusal}")),
            (Ok(()), false) => why.push("accepted".into()),
            _ => {}
        }
        if test.expect.create_accepts {
            match bpmn::parse(&xml) {
                Ok(definitions) => {
                    why.extend(import::compare(&definitions, &test.expect.inventory))
                }
                Err(findings) => {
                    why.extend(
                        findings.iter().map(|it| format!("line {}: {}", it.line, it.message)),
                    );
                }
            }
        }
        Ok(vec![Outcome::of(entry, "", 1, Verdict::plain(why))])
    }

    fn constraint(&self, constraint: &Constraint, refuse: bool, number: usize) -> Outcome {
        let suffix = (self.suffix)(number);
        let path = self.corpus.constraints.folder.join(&constraint.file);
        let attempt = || -> anyhow::Result<Result<(), String>> {
            let bytes = std::fs::read(&path)?;
            let xml = String::from_utf8_lossy(&bytes);
            let mut driver = (self.driver)(&suffix)?;
            let code = format!("static{suffix}");
            Ok(driver.create(&code, &xml).and_then(|()| driver.publish(&code)))
        };
        let why = match (attempt(), refuse) {
            (Err(err), _) => vec![format!("{err:#}")],
            (Ok(Ok(())), true) => vec![format!("accepted: {}", constraint.text)],
            (Ok(Err(why)), false) => vec![format!("refused: {why}")],
            _ => Vec::new(),
        };
        Outcome::of_constraint(constraint, refuse, why)
    }
}

/// The id of a drawing's first process.
fn first_process(xml: &str) -> Option<String> {
    let definitions = bpmn::parse(xml).ok()?;
    definitions.processes.first().map(|process| process.id.clone())
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned())).unwrap_or_default()
}
