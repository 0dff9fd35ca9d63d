//! Work on many files at once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many threads read.
const THREADS: usize = 2;

/// Markdown and HTML nest; the default stack of a thread is small.
const STACK: usize = 16 * 1024 * 1024;

/// Taken by a thread at once: enough that taking costs nothing, few enough that both end together.
const BATCH: usize = 16;

/// `work` of every number below `count`, in their order.
pub fn each<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(count));
    let run = || {
        loop {
            let start = next.fetch_add(BATCH, Ordering::Relaxed);
            if start >= count {
                return;
            }
            let batch: Vec<(usize, T)> = (start..count.min(start + BATCH)).map(|at| (at, work(at))).collect();
            if let Ok(mut done) = done.lock() {
                done.extend(batch);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS.min(count.div_ceil(BATCH)) {
            let thread = std::thread::Builder::new().name("reader".into()).stack_size(STACK);
            if thread.spawn_scoped(scope, run).is_err() {
                // No thread to be had: this one does it.
                run();
            }
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, made)| made).collect()
}
