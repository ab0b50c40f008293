//! A request that was decoded and proven, and a call that was refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{AccountId, RegionId};

/// A request whose sender is proven.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// Who calls.
    pub(super) account: AccountId,
    /// The caller's ARN.
    pub(super) arn: String,
    /// The region that is called; empty where a request names none.
    pub(super) region: RegionId,
    /// The API's name of the action.
    pub(super) action: String,
    /// The parameters without the ones that sign the request.
    pub(super) params: BTreeMap<String, String>,
}

impl Call {
    /// Whether it removes or adds rules.
    pub(super) fn changes_something(&self) -> bool {
        self.action.starts_with("Revoke") || self.action.starts_with("Authorize")
    }

    /// A parameter that is there and not empty.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The values of `NAME.1`, `NAME.2`… until one is missing.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        (1..).map_while(|n| self.params.get(&format!("{name}.{n}")).cloned()).collect()
    }

    /// The numbers N for which there is any parameter `NAME.N.…`, in order.
    pub(super) fn numbers(&self, name: &str) -> Vec<u32> {
        let mut numbers: Vec<u32> = self
            .params
            .keys()
            .filter_map(|key| {
                key.strip_prefix(name)?.strip_prefix('.')?.split('.').next()?.parse().ok()
            })
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    #[cfg(test)]
    pub(super) fn for_test(action: &str) -> Self {
        Self {
            account: AccountId::from("1"),
            arn: String::new(),
            region: RegionId::from("r"),
            action: action.to_owned(),
            params: BTreeMap::new(),
        }
    }
}

/// An error answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Refusal {
    /// HTTP status.
    pub(super) status: u16,
    /// The provider's code.
    pub(super) code: String,
    /// The provider's words.
    pub(super) message: String,
    /// After how many milliseconds the provider allows the next try.
    pub(super) retry_after_ms: Option<u32>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), retry_after_ms: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_parameters_are_lists_and_structures() {
        let mut call = Call::for_test("X");
        for name in ["Id.1", "Id.2", "Id.4", "P.10.A", "P.2.A", "P.2.B", "Px.1.A"] {
            call.params.insert(name.to_owned(), name.to_lowercase());
        }
        assert_eq!(call.list("Id"), ["id.1", "id.2"]);
        assert_eq!(call.numbers("P"), [2, 10]);
    }
}
