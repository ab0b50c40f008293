//! Credentials that are those of another account for a while: whatever they ask for is not there.

use std::time::Duration;

use unpair::model::AccountId;

use crate::clouds::Clouds;
use crate::fault_rates::FaultRates;
use crate::scenario::{Scenario, Size};
use crate::simulated_run::{NoCrashes, SimulatedRun};

/// When an account's credentials are those of another one.
#[derive(Clone, Debug)]
pub(crate) struct Imposter {
    pub(crate) account: AccountId,
    pub(crate) from: Duration,
    pub(crate) until: Duration,
}

impl Clouds {
    /// Whom the clouds take the bearer of the credentials of `account` for.
    pub(crate) fn taken_for(&self, account: &AccountId, now: Duration) -> AccountId {
        let is_other = self.imposter.as_ref().is_some_and(|imposter| {
            imposter.account == *account && (imposter.from..imposter.until).contains(&now)
        });
        if is_other { "999999999999".into() } else { account.clone() }
    }
}

#[test]
fn credentials_of_another_account_send_nothing_until_they_are_put_right() {
    let mut scenario = Scenario::new(1, Size::SMALL, FaultRates::NONE);
    let (account, put_right) = (AccountId::new("111111111111"), Duration::from_secs(600));
    scenario.clouds.imposter =
        Some(Imposter { account: account.clone(), from: Duration::ZERO, until: put_right });
    let run = SimulatedRun::begin(scenario);
    let (worked, took) = run.first_process(1);
    let [(lane, reason)] = &worked.read.unreachable[..] else { panic!("one lane is left alone") };
    assert!(lane.account == account && reason.contains("999999999999"), "{lane}: {reason}");
    assert_eq!(worked.exit, 3);
    assert!(took < put_right);
    let end = run.without_faults(put_right).finish(1, &mut NoCrashes);
    assert_eq!((end.broken, end.outcomes.len()), (Vec::new(), Size::SMALL.revocations()));
}

#[test]
fn credentials_of_another_account_take_nothing_for_gone_whenever_they_turn_up() {
    let account = AccountId::new("111111111111");
    let mut broken = Vec::new();
    for half_seconds in 0..60 {
        let from = Duration::from_millis(500 * half_seconds);
        let mut scenario = Scenario::new(1, Size::SMALL, FaultRates::NONE);
        let until = from + Duration::from_secs(20);
        scenario.clouds.imposter = Some(Imposter { account: account.clone(), from, until });
        broken.extend(SimulatedRun::begin(scenario).finish(1, &mut NoCrashes).broken);
    }
    assert_eq!(broken, [""; 0]);
}
