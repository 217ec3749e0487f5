//! Group commit: what arrives within a moment is written together, each caller keeps its own answer.

use std::future::Future;

use tokio::sync::{mpsc, oneshot};

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

    /// Hands a job over and waits for its own answer.
    pub async fn submit(&self, job: J) -> Result<A, Stopped> {
        let (sender, answer) = oneshot::channel();
        self.queue.send((job, sender)).await.or(Err(Stopped))?;
        answer.await.or(Err(Stopped))
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
}
