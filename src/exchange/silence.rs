//! Since when nothing is heard of a lane that was asked something.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long a lane may be asked without an answer before nobody waits for it who has read all
/// else: with the second that it takes to begin, less than one exchange may take as a whole.
pub(super) const LONGEST_SILENCE: Duration = Duration::from_secs(20);

/// What of one lane is unanswered.
#[derive(Debug, Default)]
pub(super) struct Silence(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Exchanges that were begun and are not over.
    asked: usize,
    /// Those of them that wait for quota.
    paced: usize,
    /// When the first of what was asked since the last answer began.
    since: Option<Instant>,
    /// Something failed since the last answer.
    failed: bool,
}

/// One exchange that is not over.
pub(super) struct Asked<'a> {
    silence: &'a Silence,
    paced: bool,
}

impl Silence {
    /// Something is asked: credentials and whatever else comes before the request count as well.
    pub(super) fn ask(&self) -> Asked<'_> {
        let mut state = self.state();
        state.asked += 1;
        state.since.get_or_insert_with(Instant::now);
        Asked { silence: self, paced: false }
    }

    /// The endpoint answered in good order, whatever it said.
    pub(super) fn heard(&self) {
        let mut state = self.state();
        state.failed = false;
        state.since = (state.asked > 0).then(Instant::now);
    }

    /// It did not.
    pub(super) fn failed(&self) {
        self.state().failed = true;
    }

    /// Whether something is asked of it now.
    pub(super) fn is_asked(&self) -> bool {
        self.state().asked > 0
    }

    /// Whether it has not answered for `patience`. Whoever waits for quota is not waiting for it,
    /// but for an endpoint that failed no call is paced that would otherwise be answered.
    pub(super) fn lasts(&self, patience: Duration) -> bool {
        let state = self.state();
        let is_paced = state.paced > 0 && !state.failed;
        !is_paced && state.since.is_some_and(|since| since.elapsed() >= patience)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked<'_> {
    /// What `wait` comes to: time that is spent waiting for quota, unless the endpoint failed.
    pub(super) async fn paced<T>(&mut self, wait: impl Future<Output = T>) -> T {
        let began = Instant::now();
        self.silence.state().paced += 1;
        self.paced = true;
        let done = wait.await;
        let mut state = self.silence.state();
        state.paced -= 1;
        self.paced = false;
        if !state.failed {
            state.since = state.since.map(|since| since + began.elapsed());
        }
        drop(state);
        done
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        let mut state = self.silence.state();
        state.asked -= 1;
        state.paced -= usize::from(self.paced);
        if state.asked == 0 && !state.failed {
            state.since = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn pass(seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_was_asked_and_never_answered_is_silent_after_a_while() {
        let silence = Silence::default();
        pass(100).await;
        assert!(!silence.lasts(LONGEST_SILENCE), "nothing was asked");
        let _asked = silence.ask();
        pass(19).await;
        assert!(!silence.lasts(LONGEST_SILENCE));
        pass(1).await;
        assert!(silence.lasts(LONGEST_SILENCE));
        silence.heard();
        assert!(!silence.lasts(LONGEST_SILENCE), "it answered");
        pass(20).await;
        assert!(silence.lasts(LONGEST_SILENCE), "and something else is still unanswered");
    }

    #[tokio::test(start_paused = true)]
    async fn faults_are_no_answers_and_the_pauses_between_them_count() {
        let silence = Silence::default();
        for _ in 0..4 {
            let mut asked = silence.ask();
            asked.paced(pass(5)).await;
            silence.failed();
            drop(asked);
        }
        assert!(!silence.lasts(LONGEST_SILENCE), "the first five seconds were a wait for quota");
        pass(5).await;
        assert!(silence.lasts(LONGEST_SILENCE));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_for_quota_is_no_silence() {
        let silence = Silence::default();
        let mut asked = silence.ask();
        let waiting = asked.paced(pass(100));
        tokio::pin!(waiting);
        assert!(tokio::time::timeout(Duration::from_secs(60), &mut waiting).await.is_err());
        assert!(!silence.lasts(LONGEST_SILENCE));
        waiting.await;
        pass(19).await;
        assert!(!silence.lasts(LONGEST_SILENCE));
        pass(1).await;
        assert!(silence.lasts(LONGEST_SILENCE));
    }
}
