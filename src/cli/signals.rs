//! SIGINT and SIGTERM: the first ends the intake, the second the process.

use std::time::Duration;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::exit::Exit;

/// Watches for signals from now on. The first of SIGINT, SIGTERM or SIGHUP cancels `stop`; the
/// second ends the process at once, which a resume handles like a crash. On a thread of its own:
/// it heeds them while all others are busy.
pub(super) fn watch(stop: CancellationToken) -> std::io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let entered = runtime.enter();
    let mut signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()]
        .into_iter()
        .map(signal)
        .collect::<std::io::Result<Vec<Signal>>>()?;
    drop(entered);
    let heed = async move {
        next(&mut signals).await;
        stop.cancel();
        // Once it is told, nothing new begins: whoever reads it may rely on that.
        tracing::warn!("stopping: what is in the air is finished; once more ends at once");
        next(&mut signals).await;
        std::process::exit(Exit::Interrupted as i32);
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || runtime.block_on(heed))?;
    Ok(())
}

/// Cancels `stop` after `limit`.
pub(super) fn stop_after(limit: Duration, stop: CancellationToken) {
    tokio::spawn(async move {
        tokio::time::sleep(limit).await;
        tracing::warn!("stopping: --max-duration is reached");
        stop.cancel();
    });
}

async fn next(signals: &mut [Signal]) {
    let received = signals.iter_mut().map(|signal| Box::pin(signal.recv()));
    futures_util::future::select_all(received).await;
}
