//! Group commit: what arrives within a moment is written together, each caller keeps its own answer.

use std::future::Future;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::code::Code;
use crate::fault::{Fault, chain};

/// Collects jobs and hands them over in batches; cheap to clone.
///
/// While the writers commit, the next batch gathers: under load batches grow by themselves, and at
/// rest a single job does not wait for company.
#[derive(Clone)]
pub struct Group<J, A> {
    queue: mpsc::Sender<(J, oneshot::Sender<A>)>,
}

/// The batch writer was stopped, or lost this job's answer.
#[derive(Debug, thiserror::Error)]
#[error("the batch writer has stopped")]
pub struct Stopped;

/// How batches are formed.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Jobs in one transaction at most.
    pub most: usize,
    /// Batches being written at the same time.
    pub writers: usize,
    /// Jobs that may wait; beyond it callers wait for a place.
    pub waiting: usize,
}

impl<J: Send + 'static, A: Send + 'static> Group<J, A> {
    /// Starts the writers; `write` gets a batch and returns one answer for each job, in order.
    pub fn start<W, F>(shape: Shape, write: W) -> Self
    where
        W: Fn(Vec<J>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Vec<A>> + Send,
    {
        let (queue, jobs) = mpsc::channel(shape.waiting);
        let jobs = std::sync::Arc::new(tokio::sync::Mutex::new(jobs));
        for _ in 0..shape.writers {
            let (jobs, write) = (jobs.clone(), write.clone());
            crate::telemetry::spawn(async move {
                loop {
                    let mut batch: Vec<(J, oneshot::Sender<A>)> = Vec::new();
                    if jobs.lock().await.recv_many(&mut batch, shape.most).await == 0 {
                        return;
                    }
                    let (work, answers): (Vec<J>, Vec<_>) = batch.into_iter().unzip();
                    for (answer, caller) in write(work).await.into_iter().zip(answers) {
                        // A caller that hung up does not undo what was written.
                        let _ = caller.send(answer);
                    }
                }
            });
        }
        Self { queue }
    }

    /// Starts writers for which somebody reads ahead: `read` fetches what jobs need while others are
    /// being written, so that the database is never idle. What arrives during a write is read in
    /// portions and written together by the next. `write` gets the jobs of a batch, each with what was
    /// read for it, and returns one answer for each, in order.
    pub fn start_reading_ahead<K, R, FR, W, FW>(shape: Shape, read: R, write: W) -> Self
    where
        K: Send + 'static,
        R: Fn(Vec<J>) -> FR + Send + 'static,
        FR: Future<Output = Vec<(J, K)>> + Send + 'static,
        W: Fn(Vec<(J, K)>) -> FW + Send + 'static,
        FW: Future<Output = Vec<A>> + Send + 'static,
    {
        let (queue, jobs) = mpsc::channel(shape.waiting);
        let (reading, ready, writing) = Default::default();
        let group = ReadAhead { shape, jobs, reading, ready, writing };
        crate::telemetry::spawn(group.run(read, write));
        Self { queue }
    }

    /// Hands a job over and waits for its own answer.
    pub async fn submit(&self, job: J) -> Result<A, Stopped> {
        let (sender, answer) = oneshot::channel();
        self.queue.send((job, sender)).await.or(Err(Stopped))?;
        answer.await.or(Err(Stopped))
    }
}

/// Writes a batch together; when that fails, each job alone, so that each fails for itself. `again` is
/// a job as it is to be tried once more. Where the database is away for all of them, nobody is tried
/// again: that would only make them wait longer.
pub async fn each_for_itself<J, A, E, F>(
    jobs: Vec<J>,
    again: impl Fn(&J) -> J,
    write: impl Fn(Vec<J>) -> F,
) -> Vec<Result<A, E>>
where
    E: Fault + From<Stopped>,
    F: Future<Output = Result<Vec<Result<A, E>>, E>>,
{
    let size = jobs.len();
    let alone: Vec<J> = jobs.iter().map(again).collect();
    match write(jobs).await {
        Ok(answers) => answers,
        Err(error) if size == 1 => vec![Err(error)],
        Err(error) if error.code() == Code::Unavailable => {
            let mut answers: Vec<_> = (1..size).map(|_| Err(Stopped.into())).collect();
            answers.push(Err(error));
            answers
        }
        Err(error) => {
            tracing::warn!(size, cause = chain(&error), "a batch failed, writing each alone");
            let mut answers = Vec::with_capacity(size);
            for job in alone {
                let only = write(vec![job]).await;
                answers.push(only.and_then(|mut only| only.pop().unwrap_or(Err(Stopped.into()))));
            }
            answers
        }
    }
}

type Caller<A> = oneshot::Sender<A>;

/// Jobs with what was read for them, and who waits for their answers.
type Portion<J, A, K> = (Vec<(J, K)>, Vec<Caller<A>>);

/// One reader and some writers; `K` is what is read for a job.
struct ReadAhead<J, A, K> {
    shape: Shape,
    jobs: mpsc::Receiver<(J, Caller<A>)>,
    /// At most one; a panic costs its callers their answers and nobody else's.
    reading: JoinSet<Portion<J, A, K>>,
    /// Read, and waiting for a writer.
    ready: Vec<((J, K), Caller<A>)>,
    writing: JoinSet<()>,
}

impl<J: Send + 'static, A: Send + 'static, K: Send + 'static> ReadAhead<J, A, K> {
    async fn run<FR, FW>(mut self, read: impl Fn(Vec<J>) -> FR, write: impl Fn(Vec<(J, K)>) -> FW)
    where
        FR: Future<Output = Vec<(J, K)>> + Send + 'static,
        FW: Future<Output = Vec<A>> + Send + 'static,
    {
        let mut is_open = true;
        while is_open || !self.reading.is_empty() || !self.ready.is_empty() {
            if !self.ready.is_empty() && self.writing.len() < self.shape.writers {
                let (batch, callers): (Vec<(J, K)>, Vec<_>) = self.ready.drain(..).unzip();
                let writing = write(batch);
                self.writing.spawn(async move {
                    for (answer, caller) in writing.await.into_iter().zip(callers) {
                        // A caller that hung up does not undo what was written.
                        let _ = caller.send(answer);
                    }
                });
            }
            let room = self.shape.most.saturating_sub(self.ready.len());
            let may_read = is_open && room > 0 && self.reading.is_empty();
            let mut arrived = Vec::new();
            tokio::select! {
                count = self.jobs.recv_many(&mut arrived, room), if may_read => {
                    is_open = count > 0;
                    let (jobs, callers): (Vec<J>, Vec<_>) = arrived.into_iter().unzip();
                    let reading = read(jobs);
                    self.reading.spawn(async move { (reading.await, callers) });
                }
                Some(done) = self.reading.join_next() => {
                    let (jobs, callers) = done.unwrap_or_default();
                    self.ready.extend(jobs.into_iter().zip(callers));
                }
                Some(_) = self.writing.join_next() => {}
            }
        }
        while self.writing.join_next().await.is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn every_caller_gets_its_own_answer_and_none_is_lost() {
        let shape = Shape { most: 16, writers: 2, waiting: 1_000 };
        let group = Group::start(shape, |jobs: Vec<u32>| async move {
            tokio::task::yield_now().await;
            jobs.into_iter().map(|job| job * 2).collect()
        });

        let answers = futures_util::future::join_all((0..500).map(|job| group.submit(job))).await;

        for (job, answer) in (0..500).zip(answers) {
            assert_eq!(answer.unwrap(), job * 2);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn reading_ahead_loses_nobody_and_writes_nobody_twice() {
        let shape = Shape { most: 16, writers: 1, waiting: 1_000 };
        let written = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let seen = written.clone();
        let read = |jobs: Vec<u32>| async move {
            tokio::task::yield_now().await;
            jobs.into_iter().map(|job| (job, job * 2)).collect()
        };
        let write = move |jobs: Vec<(u32, u32)>| {
            seen.lock().unwrap().extend(jobs.iter().map(|(job, _)| *job));
            assert!(jobs.len() <= 16);
            async move {
                tokio::task::yield_now().await;
                jobs.into_iter().map(|(job, known)| job + known).collect()
            }
        };
        let group = Group::start_reading_ahead(shape, read, write);

        let answers = futures_util::future::join_all((0..500).map(|job| group.submit(job))).await;

        for (job, answer) in (0..500).zip(answers) {
            assert_eq!(answer.unwrap(), job * 3);
        }
        let mut written = written.lock().unwrap().clone();
        written.sort_unstable();
        assert_eq!(written, (0..500).collect::<Vec<_>>());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_batch_that_panics_costs_its_own_callers_their_answers() {
        let shape = Shape { most: 1, writers: 1, waiting: 10 };
        let read = |jobs: Vec<u32>| async move {
            assert!(jobs != [1], "reading fails");
            jobs.into_iter().map(|job| (job, ())).collect()
        };
        let write = |jobs: Vec<(u32, ())>| async move {
            assert!(jobs != [(2, ())], "writing fails");
            jobs.into_iter().map(|(job, ())| job).collect()
        };
        let group = Group::start_reading_ahead(shape, read, write);

        let answers = futures_util::future::join_all((1..5).map(|job| group.submit(job))).await;

        let kept: Vec<_> = answers.into_iter().filter_map(Result::ok).collect();
        assert_eq!(kept, [3, 4]);
    }
}
