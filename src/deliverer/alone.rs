//! A thread for mail alone. Lines, the recorder and claims wake each other several times a mail: within one thread that is a queue, between
//! threads it is calls of the system's, and processors that wait for each other. Only slow signatures are made elsewhere.

use std::time::Duration;

use anyhow::Context as _;
use tokio::runtime;
use tokio::sync::oneshot;

use super::Parts;

/// At the end neither a name that is looked up in vain is waited for longer, nor a database that does not answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// What `work` gives, on a thread with a runtime of its own, and a store whose connections belong to that. The error: it could not begin,
/// or ended by a panic.
pub async fn alone<T, W, F>(parts: Parts, work: W) -> anyhow::Result<T>
where
    T: Send + 'static,
    W: FnOnce(Parts) -> F + Send + 'static,
    F: Future<Output = T>,
{
    let (done, ended) = oneshot::channel();
    let run = move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().context("a runtime for mail")?;
        let out = runtime.block_on(async {
            let store = parts.store.apart();
            let out = work(Parts { store: store.clone(), ..parts }).await;
            let _ = tokio::time::timeout(PATIENCE, store.close_apart()).await;
            out
        });
        runtime.shutdown_timeout(PATIENCE);
        Ok(out)
    };
    // Who asked may be gone.
    let run = move || _ = done.send(run());
    std::thread::Builder::new().name("mail".to_owned()).spawn(run).context("a thread for mail")?;
    ended.await.context("sending mail ended by a panic")?
}
