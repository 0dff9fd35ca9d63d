//! Work on many files at once.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::thread::available_parallelism;

/// So many threads work: as many as there are processors (asked once: the answer takes reading files of the system's), at least two, since
/// one waits for the disk now and then, and not too many.
static THREADS: LazyLock<usize> = LazyLock::new(|| available_parallelism().map_or(1, NonZero::get).clamp(2, 8));

/// Markdown and HTML nest; the default stack of a thread is small.
const STACK: usize = 16 * 1024 * 1024;

/// Taken by a thread at once, at most: enough that taking costs nothing, few enough that both end together.
const BATCH: usize = 16;

/// Work on so few is not worth a second thread.
const FEW: usize = 2;

/// So many times each thread takes something, where there is that much.
const TURNS: usize = 8;

/// `work` of every number below `count`, in their order.
pub fn each<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    each_with(count, || (), |(), at| work(at))
}

/// The same, with something that each thread makes for itself and uses again and again.
pub fn each_with<S, T: Send>(
    count: usize,
    own: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> T + Sync,
) -> Vec<T> {
    let threads = *THREADS;
    let next = AtomicUsize::new(0);
    let size = (count / (threads * TURNS)).clamp(1, BATCH);
    let done = Mutex::new(Vec::with_capacity(count.div_ceil(size)));
    let run = || {
        let mut own = own();
        loop {
            let start = next.fetch_add(size, Ordering::Relaxed);
            if start >= count {
                return;
            }
            let batch: Vec<T> = (start..count.min(start + size)).map(|at| work(&mut own, at)).collect();
            if let Ok(mut done) = done.lock() {
                done.push((start, batch));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.min(count.div_ceil(FEW)) {
            let thread = std::thread::Builder::new().name("reader".into()).stack_size(STACK);
            if thread.spawn_scoped(scope, run).is_err() {
                // No thread to be had: this one does it.
                run();
            }
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_unstable_by_key(|(start, _)| *start);
    let mut all = Vec::with_capacity(count);
    for (_, batch) in done {
        all.extend(batch);
    }
    all
}
