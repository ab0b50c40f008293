//! What a run does to the rules of its plan. Nothing else in `run/` knows the action of its calls, the
//! request, what is wanted of a rule, or how that is said.

use std::collections::HashSet;

use crate::cloud::{Action, Answer, Cloud, CloudError, RevokeOrder, RevokeReply};
use crate::model::{Direction, Outcome, Revocation, Rule, RuleId};

/// What a run does to the rules of its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Removes them.
    Revoke,
}

/// What an accepted request did, as its reply tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Nothing at all, and what the provider calls that.
    Nothing(&'static str),
    /// Something to these rules, where the reply lists any.
    Done(Option<HashSet<RuleId>>),
}

/// What the rules of a group show of one change.
pub(super) enum Shown {
    /// What was wanted.
    Wanted,
    /// That it is still to be done.
    Owed,
    /// That it may still be to be done, for this reason.
    Doubtful(String),
    /// Another rule in the place of the one that the plan is about.
    Conflict,
}

impl Operation {
    /// What it does to several rules, as a noun.
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::Revoke => "revocations",
        }
    }

    /// The action of its calls.
    pub(super) const fn action(self, direction: Direction) -> Action {
        match self {
            Self::Revoke => Action::Revoke(direction),
        }
    }

    /// The parameters of a request, without its token.
    pub(super) fn parameters(
        self,
        client: &dyn Cloud,
        order: &RevokeOrder<'_>,
    ) -> Result<Vec<(String, String)>, CloudError> {
        match self {
            Self::Revoke => client.revoke_parameters(order),
        }
    }

    /// Sends a request once.
    pub(super) async fn send(
        self,
        client: &dyn Cloud,
        order: &RevokeOrder<'_>,
    ) -> Result<Answer<RevokeReply>, CloudError> {
        match self {
            Self::Revoke => client.revoke(order).await,
        }
    }

    /// What the reply to a request for this many rules tells.
    pub(super) fn told(self, reply: RevokeReply, rules: usize) -> Told {
        match self {
            Self::Revoke if !reply.returned || reply.unmatched == Some(rules) => {
                Told::Nothing("unknownIpPermissionSet")
            }
            Self::Revoke => {
                let listed = (!reply.revoked.is_empty()).then_some(reply.revoked);
                Told::Done(listed.map(|rules| rules.into_iter().collect()))
            }
        }
    }

    /// Whether the rules that a reply lists hold that of a change.
    pub(super) fn lists(self, listed: &HashSet<RuleId>, change: &Revocation) -> bool {
        match self {
            // An order by values alone tells no id that could be found again.
            Self::Revoke => change.is_blind() || listed.contains(&change.rule.id),
        }
    }

    /// What the rules of its group show of a change.
    pub(super) fn shown(self, change: &Revocation, rules: &[Rule]) -> Shown {
        match self {
            Self::Revoke if change.is_blind() => gone_by_values(&change.rule, rules),
            Self::Revoke => gone_by_id(&change.rule, rules),
        }
    }

    /// How a change came out that shows what was wanted, by a call of ours or before any.
    pub(super) const fn outcome(self, is_ours: bool) -> Outcome {
        match (self, is_ours) {
            (Self::Revoke, true) => Outcome::Removed,
            (Self::Revoke, false) => Outcome::AlreadyAbsent,
        }
    }

    /// How a change comes out that was asked for in vain this many times, and why.
    pub(super) fn in_vain(self, requests: u32, last_refusal: Option<&str>) -> (Outcome, String) {
        let (outcome, stands) = match self {
            Self::Revoke => (Outcome::StillPresent, "still there"),
        };
        let last = last_refusal.map(|said| format!(", the last was refused: {said}"));
        (outcome, format!("{stands} after {requests} requests{}", last.unwrap_or_default()))
    }

    /// What is said of a request that was accepted and did nothing.
    pub(super) const fn did_nothing(self) -> &'static str {
        match self {
            Self::Revoke => "the provider accepted the call and says that no rule matched",
        }
    }
}

/// Whether the rule of this id is gone.
fn gone_by_id(ordered: &Rule, rules: &[Rule]) -> Shown {
    if rules.iter().any(|rule| rule.id == ordered.id) {
        Shown::Owed
    } else if rules.iter().any(|rule| rule.same_traffic(ordered)) {
        Shown::Conflict
    } else if rules.iter().any(|rule| rule.id.as_str().is_empty() && rule.may_be(ordered)) {
        Shown::Doubtful("a rule without an id may be the one".to_owned())
    } else {
        Shown::Wanted
    }
}

/// Whether every rule of these values is gone.
///
/// Whose the other group is does not tell two rules apart, for its id names one group. But only a
/// rule under the ordered owner is certainly the one that the request names.
fn gone_by_values(ordered: &Rule, rules: &[Rule]) -> Shown {
    let mut doubt = None;
    for rule in rules.iter().filter(|rule| rule.may_be(ordered)) {
        let owner = |rule: &Rule| rule.peer.groups().next().and_then(|(_, owner)| owner.cloned());
        match (owner(rule), owner(ordered)) {
            (Some(told), Some(wanted)) if !told.is_same(&wanted) => {
                doubt.get_or_insert_with(|| {
                    format!(
                        "a rule with these values stands under the owner {told}, not {wanted}: \
                         write {told} in the manifest if that is the account"
                    )
                });
            }
            _ if rule.same_traffic(ordered) => return Shown::Owed,
            _ => {
                doubt.get_or_insert_with(|| {
                    "a rule stands that does not tell all of these values".to_owned()
                });
            }
        }
    }
    doubt.map_or(Shown::Wanted, Shown::Doubtful)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(unmatched: Option<usize>, revoked: &[&str], returned: bool) -> RevokeReply {
        let revoked = revoked.iter().map(|id| RuleId::from(*id)).collect();
        RevokeReply { unmatched, revoked, returned }
    }

    #[test]
    fn a_reply_tells_nothing_done_only_where_no_rule_matched() {
        let told = |reply| Operation::Revoke.told(reply, 2);
        let nothing = Told::Nothing("unknownIpPermissionSet");
        assert_eq!(told(reply(None, &[], false)), nothing);
        assert_eq!(told(reply(Some(2), &[], true)), nothing);
        assert_eq!(told(reply(Some(1), &[], true)), Told::Done(None));
        let one = Some(HashSet::from([RuleId::from("sgr-1")]));
        assert_eq!(told(reply(None, &["sgr-1"], true)), Told::Done(one));
    }
}
