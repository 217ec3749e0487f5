//! Moves orders. Concurrent steps share a commit; each keeps its own answer and its own failure.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use flow_engine::Instance;
use flow_engine::value::Variables;
use moka::future::Cache;
use shared::clock::Clock;
use shared::code::Code;
use shared::contract::order::OrderAdvanced;
use shared::db::group::{Group, Shape, each_for_itself};
use shared::db::{Conn, Database, QueryResult};
use shared::fault::Fault;
use shared::id;
use shared::id::Tenant;
use shared::outbox;
use uuid::Uuid;

use super::Ctx;
use super::find_people::{Known, ask_people};
use super::load_definition::Definitions;
use crate::domain::calendar::Calendar;
use crate::domain::chain;
use crate::domain::definition::Compiled;
use crate::domain::order::{Head, Order, State};
use crate::domain::people::{People, Wanted};
use crate::domain::run::{
    Act, Advanced, Last, Moved, Pins, Refusal, Run, Settlement, Surroundings, Versions,
};
use crate::domain::running_number::{month_of, running_number};
use crate::error::Error;
use crate::events::facts;
use crate::store::runs::{self, Read, Write};
use crate::store::{calendars, numbers, orders};

/// How often a batch is judged anew because others move the same orders; each time one of them got on.
const MOST_ROUNDS: usize = 50;

/// How often one step may find that it needs people nobody has looked up.
const MOST_QUESTIONS: usize = 20;

/// How often one step looks into our copy before it asks.
const MOST_LOOKS: usize = 20;

/// Ids fetched at once.
const IDS_AHEAD: usize = 64;

/// One step on its way to the database.
#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) tenant: Tenant,
    pub(crate) what: What,
    errand: Option<Uuid>,
    heard: Option<Uuid>,
    people: Arc<People>,
    /// The id and the running number that a start got, so that asking uses up no other.
    numbers: Option<(i64, String)>,
    request_id: Option<String>,
}

/// Why a step is made, beside somebody asking for it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cause {
    /// The errand that it carries out.
    pub(crate) errand: Option<Uuid>,
    /// The event that it hears.
    pub(crate) heard: Option<Uuid>,
}

/// What is to be done.
#[derive(Clone)]
pub(crate) enum What {
    Start(Arc<Launch>),
    /// Of the order with this number, or of the one that it belongs to.
    Act(i64, Arc<Act>),
    /// A task of that order looks for its people again.
    Reassign(i64, u64),
    /// An element of that order is tried again, on these versions.
    Retry(i64, u64, Arc<Pins>),
}

/// An order that is to be started.
pub(crate) struct Launch {
    pub(crate) compiled: Arc<Compiled>,
    pub(crate) process: String,
    pub(crate) pins: Pins,
    pub(crate) business_key: String,
    pub(crate) title: String,
    pub(crate) initiator: String,
    pub(crate) at: Option<String>,
    pub(crate) variables: Variables,
    /// Whom the starter chose for tasks, by node.
    pub(crate) chosen: BTreeMap<String, Vec<String>>,
    /// A start with the same key is the same start.
    pub(crate) start_key: Uuid,
    pub(crate) frees_key: bool,
    /// The start point that fired, how often it has by now, and when it is due again.
    pub(crate) point: Option<(Uuid, i32, Option<DateTime<Utc>>)>,
}

/// A step that is stored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Done {
    pub(crate) order: i64,
    pub(crate) running_number: String,
    pub(crate) facts: Vec<OrderAdvanced>,
    /// What it left to be carried out.
    pub(crate) errands: Vec<Uuid>,
    /// It was a start that had been made before.
    pub(crate) is_repeat: bool,
}

/// What became of a job.
pub(crate) enum Outcome {
    Done(Box<Done>),
    /// These people must be looked up first.
    Ask(Wanted, Option<(i64, String)>),
    /// The start was made before: this order.
    Before(i64, String),
}

impl Job {
    pub(crate) fn new(tenant: &Tenant, what: What) -> Self {
        Self {
            tenant: tenant.clone(),
            what,
            errand: None,
            heard: None,
            people: Arc::default(),
            numbers: None,
            request_id: shared::http::request_id::current(),
        }
    }

    /// The same job, that carries out an errand or hears an event.
    pub(crate) fn because_of(mut self, cause: Cause) -> Self {
        self.errand = cause.errand;
        self.heard = cause.heard;
        self
    }

    pub(crate) fn act(tenant: &Tenant, order: i64, act: Act) -> Self {
        Self::new(tenant, What::Act(order, Arc::new(act)))
    }

    /// The number that the job names, unless it starts an order.
    fn order(&self) -> Option<i64> {
        match &self.what {
            What::Start(_) => None,
            What::Act(order, _) | What::Reassign(order, _) | What::Retry(order, ..) => Some(*order),
        }
    }
}

/// Hands a step over and waits until it is stored; asks about people where it needs them.
pub(crate) async fn move_order(ctx: &Ctx, mut job: Job) -> Result<Done, Error> {
    for _ in 0..MOST_QUESTIONS {
        match ctx.steps.submit(job.clone()).await?? {
            Outcome::Done(done) => return Ok(*done),
            Outcome::Before(order, running_number) => {
                return Ok(Done { order, running_number, is_repeat: true, ..Done::default() });
            }
            Outcome::Ask(wanted, numbers) => {
                job.numbers = numbers;
                let found = ask_people(ctx, &job.tenant, &wanted).await?;
                Arc::make_mut(&mut job.people).add(found);
            }
        }
    }
    Err(Error::Crowded)
}

/// Starts the writers.
pub(crate) fn start(
    db: Database,
    clock: Clock,
    definitions: Definitions,
    known: Known,
    shape: Shape,
) -> Group<Job, Result<Outcome, Error>> {
    let writer = Arc::new(Writer {
        db,
        clock,
        definitions,
        known,
        usual_hours: Arc::default(),
        calendars: Cache::builder()
            .time_to_live(Duration::from_secs(10))
            .max_capacity(10_000)
            .build(),
        ids: Mutex::default(),
    });
    Group::start(shape, move |jobs| {
        let writer = writer.clone();
        async move { writer.write(jobs).await }
    })
}

struct Writer {
    db: Database,
    clock: Clock,
    definitions: Definitions,
    known: Known,
    usual_hours: Arc<Calendar>,
    /// The working hours of enterprises.
    calendars: Cache<Tenant, Arc<Calendar>>,
    /// Numbers of orders taken ahead.
    ids: Mutex<Vec<i64>>,
}

/// A job of a round that can be advanced, or has been: the order, and what it runs on.
struct Ready<R = Run> {
    at: usize,
    run: R,
    act: Option<Act>,
    versions: Arc<Versions>,
    compiled: Arc<Compiled>,
}

impl Writer {
    /// One statement for all; when that fails, one for each, so that each fails for itself.
    async fn write(&self, jobs: Vec<Job>) -> Vec<Result<Outcome, Error>> {
        each_for_itself(jobs, Job::clone, |jobs| self.write_together(jobs)).await
    }

    /// Reads, decides and writes without holding a lock: where somebody else moved an order in
    /// between, nothing of it is written and it is judged anew. Of several steps of one order each
    /// round makes one.
    async fn write_together(&self, jobs: Vec<Job>) -> Result<Vec<Result<Outcome, Error>>, Error> {
        let jobs = jobs.as_slice();
        let mut answers: BTreeMap<usize, Result<Outcome, Error>> = BTreeMap::new();
        let conn = self.db.connection().await?;
        let started = self.number_starts(&conn, jobs).await?;
        for _ in 0..MOST_ROUNDS {
            let open = (0..jobs.len()).filter(|at| !answers.contains_key(at));
            let round: Vec<(usize, &Job)> =
                open.filter_map(|at| Some((at, jobs.get(at)?))).collect();
            if round.is_empty() {
                break;
            }
            let ready = self.prepare(&conn, &round, &started, &mut answers).await?;
            self.step(&conn, jobs, &started, ready, &mut answers).await?;
        }
        self.db.wake().notify_one();
        Ok((0..jobs.len()).map(|at| answers.remove(&at).unwrap_or(Err(Error::Crowded))).collect())
    }

    /// Ids and running numbers for what starts, in the order of the jobs.
    async fn number_starts(
        &self,
        conn: &Conn,
        jobs: &[Job],
    ) -> Result<HashMap<usize, (i64, String)>, Error> {
        let month = month_of(self.clock.now());
        let mut counts: BTreeMap<(&Tenant, &str), i64> = BTreeMap::new();
        let starts = || {
            jobs.iter().enumerate().filter_map(|(at, job)| match &job.what {
                What::Start(launch) if job.numbers.is_none() => Some((at, job, launch)),
                What::Start(_) | What::Act(..) | What::Reassign(..) | What::Retry(..) => None,
            })
        };
        for (_, job, launch) in starts() {
            *counts.entry((&job.tenant, launch.compiled.flow.as_str())).or_default() += 1;
        }
        let known = jobs.iter().enumerate();
        let mut numbered: HashMap<usize, (i64, String)> =
            known.filter_map(|(at, job)| Some((at, job.numbers.clone()?))).collect();
        if counts.is_empty() {
            return Ok(numbered);
        }
        let wanted: Vec<numbers::Wanted> = counts
            .iter()
            .map(|((tenant, flow), count)| numbers::Wanted {
                tenant: tenant.to_string(),
                flow: (*flow).to_owned(),
                month: month.clone(),
                count: *count,
            })
            .collect();
        let lasts = numbers::take_running(conn, &wanted).await?;
        let mut next: BTreeMap<(&Tenant, &str), i64> = counts
            .iter()
            .zip(lasts)
            .map(|((place, count), last)| (*place, last - count + 1))
            .collect();
        let total = usize::try_from(counts.values().sum::<i64>()).unwrap_or(0);
        let mut ids = self.take_ids(conn, total).await?.into_iter();
        for (at, job, launch) in starts() {
            let flow = launch.compiled.flow.as_str();
            let seq = next.entry((&job.tenant, flow)).or_insert(1);
            let number = running_number(flow, &month, *seq);
            *seq += 1;
            if let Some(id) = ids.next() {
                numbered.insert(at, (id, number));
            }
        }
        Ok(numbered)
    }

    /// So many ids of orders; some are always taken ahead.
    async fn take_ids(&self, conn: &Conn, count: usize) -> QueryResult<Vec<i64>> {
        let have = {
            let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
            let from = ids.len().saturating_sub(count);
            ids.split_off(from)
        };
        if have.len() == count {
            return Ok(have);
        }
        let mut more = numbers::take_ids(conn, count.max(IDS_AHEAD)).await?;
        // Taken from the end, the smallest comes first.
        more.reverse();
        let mut taken = more.split_off(more.len() - (count - have.len()));
        taken.extend(have);
        taken.sort_unstable();
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).extend(more);
        Ok(taken)
    }

    /// Reads the orders of a round with what they run on; at most one job of each order is ready.
    async fn prepare(
        &self,
        conn: &Conn,
        round: &[(usize, &Job)],
        started: &HashMap<usize, (i64, String)>,
        answers: &mut BTreeMap<usize, Result<Outcome, Error>>,
    ) -> Result<Vec<Ready>, Error> {
        let wanted: Vec<(&Tenant, i64)> =
            round.iter().filter_map(|(_, job)| Some((&job.tenant, job.order()?))).collect();
        let mut known = match wanted.is_empty() {
            true => HashMap::new(),
            false => runs::list(conn, &wanted).await?,
        };
        let mut ready = Vec::new();
        let mut taken: HashSet<i64> = HashSet::new();
        let mut waits: HashSet<i64> = HashSet::new();
        for (at, job) in round {
            if let What::Start(launch) = &job.what {
                let Some((id, number)) = started.get(at) else { continue };
                let versions = self.definitions.versions(conn, &job.tenant, &launch.pins).await?;
                ready.push(begin(*at, job, launch, *id, number, versions));
                continue;
            }
            let Some(order) = job.order().filter(|order| !waits.contains(order)) else { continue };
            let Some(read) = known.remove(&order) else {
                answers.insert(*at, Err(Error::UnknownOrder(order)));
                continue;
            };
            waits.insert(order);
            if taken.insert(read.id) {
                match self.restore(conn, *at, job, read).await {
                    Ok(one) => ready.push(one),
                    Err(error) if error.code() == Code::Unavailable => return Err(error),
                    Err(error) => {
                        answers.insert(*at, Err(error));
                    }
                }
            }
        }
        Ok(ready)
    }

    async fn restore(
        &self,
        conn: &Conn,
        at: usize,
        job: &Job,
        mut read: Read,
    ) -> Result<Ready, Error> {
        if let What::Retry(_, _, pins) = &job.what {
            read.pins = Pins::clone(pins);
        }
        let versions = self.definitions.versions(conn, &job.tenant, &read.pins).await?;
        let first = read.pins.processes.first().ok_or(Error::UnknownOrder(read.id))?;
        let (flow, version) = (first.flow.clone(), first.version);
        let compiled = self.definitions.load(conn, &job.tenant, &flow, version).await?;
        let run = caught(|| Ok(read.restore(&versions.library)))?.map_err(Error::Snapshot)?;
        let act = match &job.what {
            What::Act(_, act) => Some(Act::clone(act)),
            What::Retry(_, wait, _) => Some(Act::Retry { wait: *wait }),
            What::Start(_) | What::Reassign(..) => None,
        };
        Ok(Ready { at, run, act, versions, compiled })
    }

    /// Advances what is ready, looks its people up, and stores it.
    async fn step(
        &self,
        conn: &Conn,
        jobs: &[Job],
        started: &HashMap<usize, (i64, String)>,
        ready: Vec<Ready>,
        answers: &mut BTreeMap<usize, Result<Outcome, Error>>,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let mut writes = Vec::new();
        let mut facts: Vec<(OrderAdvanced, Option<String>)> = Vec::new();
        let mut facts_of = Vec::new();
        let mut pending: Vec<(usize, Done)> = Vec::new();
        let stepped = self.advance_all(conn, jobs, ready, now, answers).await?;
        for Ready { at, run: stepped, versions, compiled, .. } in stepped {
            let Some(job) = jobs.get(at) else { continue };
            let moved = match self.settle(conn, job, stepped, &versions, &compiled).await? {
                Settled::Moved(moved) => *moved,
                Settled::Ask(wanted) => {
                    let numbers = started.get(&at).cloned();
                    answers.insert(at, Ok(Outcome::Ask(wanted, numbers)));
                    continue;
                }
                Settled::Answer(answer) => {
                    answers.insert(at, answer);
                    continue;
                }
            };
            let told = facts::order_advanced(&moved, &versions.names, now);
            let write = self.write_of(job, moved, now)?;
            pending.push((
                at,
                Done {
                    order: write.run.id,
                    running_number: write.run.head.running_number.clone(),
                    facts: told.clone(),
                    errands: write.errand_ids.clone(),
                    is_repeat: false,
                },
            ));
            facts_of.extend(told.iter().map(|_| write.run.id));
            facts.extend(told.into_iter().map(|fact| (fact, job.request_id.clone())));
            writes.push(write);
        }
        let lines = outbox::lines(facts.iter().map(|(fact, request)| (fact, request.clone())))?;
        // In the order of their ids, so that two writers cannot block each other.
        writes.sort_by_key(|write| write.run.id);
        let stored = runs::save_all(conn, &writes, lines, facts_of, now).await?;
        for (at, done) in pending {
            if stored.contains(&done.order) {
                answers.insert(at, Ok(Outcome::Done(Box::new(done))));
            } else if let Some(What::Start(launch)) = jobs.get(at).map(|job| &job.what) {
                // Not stored = the key is taken: whoever has it is the order.
                if let Some((order, number)) = orders::find_start(conn, launch.start_key).await? {
                    answers.insert(at, Ok(Outcome::Before(order, number)));
                }
            } else if let Some(job) = jobs.get(at)
                && let Some(errand) = job.errand
                && !crate::store::errands::exists(conn, errand).await?
            {
                answers.insert(at, Err(Error::CarriedOut));
            }
        }
        Ok(())
    }

    /// Advances what is ready, and looks up at once whom all of it names.
    async fn advance_all(
        &self,
        conn: &Conn,
        jobs: &[Job],
        ready: Vec<Ready>,
        now: DateTime<Utc>,
        answers: &mut BTreeMap<usize, Result<Outcome, Error>>,
    ) -> Result<Vec<Ready<Box<Advanced>>>, Error> {
        let (mut all, mut named) = (Vec::new(), Vec::new());
        for Ready { at, run, act, versions, compiled } in ready {
            let Some(job) = jobs.get(at) else { continue };
            let stepped = match (act, &job.what) {
                (Some(act), _) => caught(|| run.advance(&versions, act, now)).map_err(Error::from),
                (None, What::Reassign(_, wait)) => {
                    run.look_again(*wait).ok_or(Error::NothingChanged)
                }
                (None, What::Start(_) | What::Act(..) | What::Retry(..)) => continue,
            };
            let stepped = match stepped {
                Ok(advanced) => Box::new(advanced),
                Err(refusal) => {
                    answers.insert(at, Err(refusal));
                    continue;
                }
            };
            let around = Surroundings {
                people: &job.people,
                calendar: &self.usual_hours,
                manager: versions.manager.as_deref(),
                now,
            };
            let wanted = stepped.wanted(&versions, &around);
            named.extend(wanted.users.into_iter().map(|user| (&job.tenant, user)));
            all.push(Ready { at, run: stepped, act: None, versions, compiled });
        }
        self.known.warm(conn, named).await?;
        Ok(all)
    }

    /// Turns a step into rows and facts. What it needs to know of people it finds in memory or in our
    /// copy, or asks for.
    async fn settle(
        &self,
        conn: &Conn,
        job: &Job,
        stepped: Box<Advanced>,
        versions: &Versions,
        compiled: &Compiled,
    ) -> Result<Settled, Error> {
        let mut people = People::clone(&job.people);
        let calendar = self.calendar(conn, &job.tenant, versions).await?;
        let now = self.clock.now();
        let flow = compiled.flow.as_str();
        people.agents = self.known.agents(conn, &job.tenant, flow, now).await?;
        let mut asked = Wanted::default();
        for _ in 0..MOST_LOOKS {
            let mut ids = match stepped.called() {
                0 => Vec::new(),
                count => self.take_ids(conn, count).await?,
            }
            .into_iter();
            let around = Surroundings {
                people: &people,
                calendar: &calendar,
                manager: versions.manager.as_deref(),
                now,
            };
            let settled = caught(|| stepped.settle(versions, &around, &mut ids, &compiled.schema));
            self.give_back(ids);
            let wanted = match settled {
                Ok(Settlement::Moved(moved)) if is_idle(job, &moved) => {
                    return Ok(Settled::Answer(Err(Error::NothingChanged)));
                }
                Ok(Settlement::Moved(moved)) => return Ok(Settled::Moved(moved)),
                Ok(Settlement::Ask(wanted)) => wanted,
                Err(refusal) => return Ok(Settled::Answer(Err(refusal.into()))),
            };
            if wanted == asked {
                return Ok(Settled::Ask(wanted));
            }
            self.known.look_up(conn, &job.tenant, &wanted, &mut people).await?;
            asked = wanted;
        }
        Ok(Settled::Ask(asked))
    }

    async fn calendar(
        &self,
        conn: &Conn,
        tenant: &Tenant,
        versions: &Versions,
    ) -> Result<Arc<Calendar>, Error> {
        if !versions.needs_calendar {
            return Ok(self.usual_hours.clone());
        }
        if let Some(known) = self.calendars.get(tenant).await {
            return Ok(known);
        }
        let calendar = Arc::new(calendars::find(conn, tenant).await?.unwrap_or_default());
        self.calendars.insert(tenant.clone(), calendar.clone()).await;
        Ok(calendar)
    }

    /// Ids that were taken and not used.
    fn give_back(&self, ids: impl Iterator<Item = i64>) {
        let mut left: Vec<i64> = ids.collect();
        if left.is_empty() {
            return;
        }
        left.reverse();
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).extend(left);
    }

    fn write_of(&self, job: &Job, moved: Moved, now: DateTime<Utc>) -> Result<Write, Error> {
        let Moved { mut run, change, .. } = moved;
        let errand_ids = change.errands.iter().map(|_| id::new_id()).collect();
        let launch = match &job.what {
            What::Start(launch) => Some(launch),
            What::Act(..) | What::Reassign(..) | What::Retry(..) => None,
        };
        let detail = runs::write_detail(&run, &change)?;
        let records = runs::write_records(&change.records)?;
        let entry = chain::Step {
            order: run.id,
            seq: run.seq,
            at: now,
            act: change.act,
            actor: change.actor.as_deref(),
            records: &records,
            detail: detail.as_deref(),
        };
        run.chain = chain::link(&run.chain, &entry);
        Ok(Write {
            run,
            change,
            start_key: launch.map(|launch| launch.start_key),
            errand: job.errand,
            heard: job.heard,
            point: launch.and_then(|launch| launch.point),
            errand_ids,
            detail,
        })
    }
}

/// A task looked again for its people, and nothing is different.
fn is_idle(job: &Job, moved: &Moved) -> bool {
    let change = &moved.change;
    let is_better = change.incidents.is_empty() && !change.incidents_over.is_empty();
    let is_told = !(change.opened.is_empty() && change.assigned.is_empty());
    matches!(job.what, What::Reassign(..)) && !is_told && !is_better
}

/// A bug in the engine stops the order that it is in, and no other.
fn caught<T>(work: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Refusal::Engine("it panicked".to_owned())))
}

enum Settled {
    Moved(Box<Moved>),
    /// These people must be looked up first.
    Ask(Wanted),
    Answer(Result<Outcome, Error>),
}

/// A fresh order, and the act that starts it.
fn begin(
    at: usize,
    job: &Job,
    launch: &Launch,
    id: i64,
    number: &str,
    versions: Arc<Versions>,
) -> Ready {
    let compiled = launch.compiled.clone();
    let key = launch.pins.processes.first().map(|pin| pin.key.as_str()).unwrap_or_default();
    let order = Order {
        id,
        parent: None,
        flow: compiled.flow.clone(),
        version: compiled.version,
        process: launch.process.clone(),
        state: State::Running,
        told: 0,
    };
    let head = Head {
        app: shared::id::AppId::stored(compiled.app.clone()),
        business_key: launch.business_key.clone(),
        title: launch.title.clone(),
        running_number: number.to_owned(),
        initiator: launch.initiator.clone(),
    };
    let mut variables = launch.variables.clone();
    variables.insert("initiator".to_owned(), launch.initiator.as_str().into());
    variables.insert("businessKey".to_owned(), launch.business_key.as_str().into());
    variables.insert("orderId".to_owned(), flow_engine::value::Value::from_json(&id.into()));
    let run = Run {
        id,
        tenant: job.tenant.clone(),
        seq: 0,
        head,
        pins: launch.pins.clone(),
        instance: Instance::new(key),
        orders: BTreeMap::from([(0, order)]),
        held: BTreeMap::new(),
        done: Vec::new(),
        chosen: launch.chosen.clone(),
        chain: String::new(),
        last: Last { handler: non_empty(&launch.initiator), ..Last::default() },
        frees_key: launch.frees_key,
    };
    let act = Act::Start { at: launch.at.clone(), variables };
    Ready { at, run, act: Some(act), versions, compiled }
}

fn non_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
