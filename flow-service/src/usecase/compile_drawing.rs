//! Reads drawings away from the request threads, on a stack that is large enough, few at a time.

use flow_engine::bpmn::Finding;
use tokio::sync::Semaphore;

use crate::domain::definition::{self, Drawing};
use crate::error::Error;

/// The stack of a compiler, whatever the drawing nests.
const STACK_BYTES: usize = 32 * 1024 * 1024;

/// Compilers at the same time.
static PLACES: Semaphore = Semaphore::const_new(2);

/// The executable processes of a drawing.
pub(crate) async fn compile_drawing(xml: String) -> Result<Drawing, Error> {
    on_own_stack(move || definition::compile(&xml)).await
}

/// Passes what is a drawing at all, whether or not it can be executed.
pub(crate) async fn read_drawing(xml: String) -> Result<(), Error> {
    on_own_stack(move || definition::read_drawing(&xml)).await
}

async fn on_own_stack<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Vec<Finding>> + Send + 'static,
) -> Result<T, Error> {
    let stopped = |error: anyhow::Error| Error::Compiler(error);
    let _place = PLACES.acquire().await.map_err(|error| stopped(error.into()))?;
    let (done, outcome) = tokio::sync::oneshot::channel();
    std::thread::Builder::new()
        .name("compiler".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || done.send(work()))
        .map_err(|error| stopped(error.into()))?;
    let outcome = outcome.await.map_err(|error| stopped(error.into()))?;
    outcome.map_err(Error::BadDrawing)
}
