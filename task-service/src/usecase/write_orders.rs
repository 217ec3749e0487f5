//! Writes what becomes of orders. Concurrent changes share a commit; each keeps its own answer and its
//! own failure.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use shared::clock::Clock;
use shared::contract::task::TasksChanged;
use shared::db::group::{Group, Shape, each_for_itself};
use shared::db::{Conn, Database, QueryResult};
use shared::id;
use shared::outbox;
use uuid::Uuid;

use crate::domain::approval_log::ApprovalLog;
use crate::domain::decision::Decider;
use crate::domain::link::Flow;
use crate::domain::order::{Absorbed, Order, Verdict};
use crate::domain::snapshot::{OrderKey, Snapshot};
use crate::domain::step::Step;
use crate::error::Error;
use crate::events::facts;
use crate::store::audit::Record;
use crate::store::orders::{self, Write};

/// How often a batch is judged anew because others write the same orders; each time one of them got on.
const MOST_ROUNDS: usize = 50;

/// The writers' door.
pub(crate) type Writes = Group<Job, Result<Absorbed, Error>>;

/// A change of one order on its way to the database.
#[derive(Clone)]
pub(crate) struct Job {
    key: OrderKey,
    change: Change,
    request_id: Option<String>,
}

/// What changes an order.
#[derive(Clone)]
pub(crate) enum Change {
    /// Its ERP says how it stands.
    Snapshot { snapshot: Arc<Snapshot>, flows: Arc<Vec<Flow>> },
    /// Our own engine made a step.
    Step(Arc<Step>),
    /// Somebody shall do a task of it.
    Accept { task: String, decider: Decider },
}

impl Job {
    /// A change on behalf of the current request.
    pub(crate) fn new(key: OrderKey, change: Change) -> Self {
        Self { key, change, request_id: shared::http::request_id::current() }
    }

    /// The order after the change.
    fn judge(&self, known: Option<Order>, clock: &Clock) -> Result<Absorbed, Error> {
        let key = self.key.clone();
        match &self.change {
            Change::Snapshot { snapshot, flows } => {
                let now = clock.now();
                Ok(Order::absorb(known, key, snapshot, flows, id::new_id(), now)?)
            }
            Change::Step(step) => Ok(Order::follow(known, key, step, id::new_id())),
            Change::Accept { task, decider } => match known {
                Some(known) => Ok(Order::accept(known, task, decider)?),
                None => Err(Error::UnknownTask(task.clone())),
            },
        }
    }

    /// The ERP's pages of its flows.
    fn flows(&self) -> &[Flow] {
        match &self.change {
            Change::Snapshot { flows, .. } => flows,
            Change::Step(_) | Change::Accept { .. } => &[],
        }
    }

    /// What the change adds to the history.
    fn lines(&self) -> Vec<ApprovalLog> {
        match &self.change {
            Change::Step(step) => step.lines(),
            Change::Snapshot { .. } | Change::Accept { .. } => Vec::new(),
        }
    }
}

/// Starts the writers.
pub(crate) fn start(db: Database, clock: Clock, public_url: String, shape: Shape) -> Writes {
    let writer = Arc::new(Writer { db, clock, public_url });
    let reader = writer.clone();
    let read = move |jobs| {
        let reader = reader.clone();
        async move { reader.read(jobs).await }
    };
    let write = move |jobs| {
        let writer = writer.clone();
        async move { writer.write(jobs).await }
    };
    Group::start_reading_ahead(shape, read, write)
}

struct Writer {
    db: Database,
    clock: Clock,
    public_url: String,
}

/// The order of a job as it was read before it was its turn; absent where it could not be read.
type Read = Option<Option<Order>>;

impl Writer {
    /// Reads ahead, without a lock: what somebody else changes until the batch is written is judged
    /// anew then.
    async fn read(&self, jobs: Vec<Job>) -> Vec<(Job, Read)> {
        let orders = match self.db.connection().await {
            Ok(conn) => list_orders(&conn, &jobs).await.ok(),
            Err(_) => None,
        };
        let known = |job: &Job| orders.as_ref().map(|orders| orders.get(&job.key).cloned());
        jobs.into_iter().map(|job| (known(&job), job)).map(|(read, job)| (job, read)).collect()
    }

    /// One transaction for all; when that fails, one for each, so that each fails for itself.
    async fn write(&self, jobs: Vec<(Job, Read)>) -> Vec<Result<Absorbed, Error>> {
        let again = |(job, _): &(Job, Read)| (job.clone(), None);
        each_for_itself(jobs, again, |jobs| self.write_together(jobs)).await
    }

    /// Reads, decides and writes without holding a lock: where somebody else changed an order in
    /// between, nothing of it is written and its changes are judged anew.
    async fn write_together(
        &self,
        jobs: Vec<(Job, Read)>,
    ) -> Result<Vec<Result<Absorbed, Error>>, Error> {
        let (jobs, reads): (Vec<Job>, Vec<Read>) = jobs.into_iter().unzip();
        let mut read_ahead = newest(&jobs, reads);
        let mut answers: Vec<Option<Result<Absorbed, Error>>> = jobs.iter().map(|_| None).collect();
        let mut open: Vec<usize> = (0..jobs.len()).collect();
        let conn = self.db.connection().await?;
        for _ in 0..MOST_ROUNDS {
            let round: Vec<&Job> = open.iter().filter_map(|at| jobs.get(*at)).collect();
            let before = match read_ahead.take() {
                Some(before) => before,
                None => list_orders(&conn, round.iter().copied()).await?,
            };
            let (judged, after) = self.decide(&round, &before);
            let stored = self.save(&conn, &round, &judged, &before, &after).await?;
            let lost =
                |key: &OrderKey| after.get(key).is_some_and(|order| !stored.contains(&order.id));
            let mut again = Vec::new();
            for ((at, job), answer) in open.iter().zip(&round).zip(judged) {
                if lost(&job.key) {
                    again.push(*at);
                } else if let Some(place) = answers.get_mut(*at) {
                    *place = Some(answer);
                }
            }
            open = again;
            if open.is_empty() {
                break;
            }
        }
        self.db.wake().notify_one();
        Ok(answers.into_iter().map(|answer| answer.unwrap_or(Err(Error::Crowded))).collect())
    }

    /// One after the other; several changes of one order see each other.
    fn decide(
        &self,
        jobs: &[&Job],
        before: &HashMap<OrderKey, Order>,
    ) -> (Vec<Result<Absorbed, Error>>, BTreeMap<OrderKey, Order>) {
        let mut after: BTreeMap<OrderKey, Order> = BTreeMap::new();
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            let known = after.get(&job.key).or_else(|| before.get(&job.key)).cloned();
            let absorbed = job.judge(known, &self.clock);
            if let Ok(absorbed) = &absorbed
                && absorbed.verdict == Verdict::Applied
            {
                after.insert(job.key.clone(), absorbed.order.clone());
            }
            answers.push(absorbed);
        }
        (answers, after)
    }

    /// One statement for everything; orders in the order of their keys, so that two writers cannot
    /// block each other. Gives the ids of the orders that were stored.
    async fn save(
        &self,
        conn: &Conn,
        jobs: &[&Job],
        answers: &[Result<Absorbed, Error>],
        before: &HashMap<OrderKey, Order>,
        after: &BTreeMap<OrderKey, Order>,
    ) -> QueryResult<HashSet<Uuid>> {
        let mut facts: Vec<(TasksChanged, Option<String>)> = Vec::new();
        let mut facts_of = Vec::new();
        let mut records = Vec::new();
        let mut lines = Vec::new();
        for (job, answer) in jobs.iter().zip(answers) {
            let Ok(absorbed) = answer else { continue };
            if absorbed.verdict == Verdict::Applied {
                lines.extend(job.lines().into_iter().map(|line| (&absorbed.order, line)));
            }
            if let Some(fact) = facts::tasks_changed(absorbed, job.flows(), &self.public_url) {
                facts.push((fact, job.request_id.clone()));
                facts_of.push(absorbed.order.id);
            }
            records.extend(absorbed.audits.iter().map(|(action, detail)| Record {
                tenant: job.key.tenant.to_string(),
                order: absorbed.order.id,
                action,
                detail: detail.clone(),
                request_id: job.request_id.clone(),
            }));
        }
        let orders: Vec<&Order> = after.values().collect();
        let facts = outbox::lines(facts.iter().map(|(fact, request)| (fact, request.clone())))?;
        let (records, now) = (&records, self.clock.now());
        let lines = &lines;
        let write = Write { orders: &orders, before, records, now, facts, facts_of, lines };
        orders::save_all(conn, write).await
    }
}

/// The orders of jobs as they are now.
async fn list_orders(
    conn: &Conn,
    jobs: impl IntoIterator<Item = &Job>,
) -> QueryResult<HashMap<OrderKey, Order>> {
    let keys: BTreeSet<&OrderKey> = jobs.into_iter().map(|job| &job.key).collect();
    orders::list_by_keys(conn, &keys.into_iter().collect::<Vec<_>>()).await
}

/// What was read ahead, of each order the latest; nothing unless it was read for all.
fn newest(jobs: &[Job], reads: Vec<Read>) -> Option<HashMap<OrderKey, Order>> {
    let mut orders: HashMap<OrderKey, Order> = HashMap::new();
    for (job, read) in jobs.iter().zip(reads) {
        let Some(order) = read? else { continue };
        if orders.get(&job.key).is_none_or(|other| other.seq < order.seq) {
            orders.insert(job.key.clone(), order);
        }
    }
    Some(orders)
}
