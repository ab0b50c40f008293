//! Jobs done side by side: most of their time is waiting.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Jobs at the same time.
const AT_ONCE: usize = 14;

/// Does the jobs `0..count`; their results come in no order.
pub(crate) fn together<T: Send>(count: usize, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(count)));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(count) {
            scope.spawn(|| {
                while let n = next.fetch_add(1, Ordering::Relaxed)
                    && n < count
                {
                    let result = job(n);
                    results.lock().expect("no thread panics while it adds").push(result);
                }
            });
        }
    });
    results.into_inner().expect("no thread panics while it adds")
}
