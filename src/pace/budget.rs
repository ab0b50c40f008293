//! The retry budget of one (lane, action): failures may cost a share of what succeeds, and no more.

/// What an action begins with.
const FULL: u32 = 500;
/// What the retry after a fault costs.
const FAULT: u32 = 14;
/// What the retry after a refusal by the rate limit costs.
const REFUSAL: u32 = 5;
/// What a success earns.
const SUCCESS: u32 = 1;

/// How long an action rests whose budget is used up, in seconds; then it begins anew.
pub(super) const REST: f64 = 30.0;

/// The tokens that retries cost and successes earn. The numbers are those of the AWS SDKs' standard retry
/// mode; where an SDK would return an error, the action rests.
#[derive(Debug)]
pub(super) struct Budget(u32);

impl Default for Budget {
    fn default() -> Self {
        Self(FULL)
    }
}

impl Budget {
    /// A call was let through.
    pub(super) fn earn(&mut self) {
        self.0 = (self.0 + SUCCESS).min(FULL);
    }

    /// A call failed on its way or at the other end. Returns whether the action is to rest.
    pub(super) fn fault(&mut self) -> bool {
        self.spend(FAULT)
    }

    /// The rate limit refused a call. Returns whether the action is to rest.
    pub(super) fn refusal(&mut self) -> bool {
        self.spend(REFUSAL)
    }

    fn spend(&mut self, tokens: u32) -> bool {
        let left = self.0.checked_sub(tokens);
        self.0 = left.unwrap_or(FULL);
        left.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Failures until the action rests; it does within a thousand, or never.
    fn until_rest(mut fail: impl FnMut(&mut Budget) -> bool) -> Option<usize> {
        let mut budget = Budget::default();
        (1..=1_000).find(|_| fail(&mut budget))
    }

    #[test]
    fn faults_alone_use_it_up_after_35_and_refusals_after_100() {
        assert_eq!(until_rest(Budget::fault), Some(36));
        assert_eq!(until_rest(Budget::refusal), Some(101));
    }

    #[test]
    fn one_fault_in_fifteen_calls_costs_no_rest_and_one_in_ten_does() {
        let among = |successes: usize| {
            until_rest(|budget| {
                (0..successes).for_each(|_| budget.earn());
                budget.fault()
            })
        };
        assert_eq!(among(14), None);
        assert!(among(9).is_some());
    }

    #[test]
    fn after_its_rest_an_action_begins_anew() {
        let mut budget = Budget::default();
        while !budget.fault() {}
        assert_eq!(until_rest(|_| budget.fault()), Some(36));
    }

    #[test]
    fn successes_save_up_no_more_than_a_full_budget() {
        let mut budget = Budget::default();
        (0..10_000).for_each(|_| budget.earn());
        assert_eq!(until_rest(|_| budget.refusal()), Some(101));
    }
}
