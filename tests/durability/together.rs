//! Jobs done side by side: most of their time is waiting.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does the jobs `0..count`, at most `at_once` at the same time; their results come in no order.
pub(crate) fn together<T: Send>(
    count: usize,
    at_once: usize,
    job: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(count)));
    std::thread::scope(|scope| {
        for _ in 0..at_once.min(count) {
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
