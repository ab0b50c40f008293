//! What the two listings of a group prove together.

use super::listing::CONTRADICTORY;
use crate::cloud::{CloudError, GroupInfo, NamedGroups};
use crate::journal::Reading;
use crate::model::{AccountId, ErrorClass, RequestId, Rule, Snapshot};

/// What the rules listing of one group gave.
pub(super) type RulesRead = Result<(Vec<Rule>, Vec<RequestId>), CloudError>;
/// What the group listing gave of one group, if it shows it, with the names of its exchanges.
pub(super) type InfoRead = Result<(Option<GroupInfo>, Vec<RequestId>), CloudError>;

/// Puts the two listings together, and the names of their exchanges if both count. Absence counts
/// only beside a well-formed answer; the owner must be the `account` that was proven.
pub(super) fn conclude(
    account: &AccountId,
    info: InfoRead,
    rules: Option<RulesRead>,
) -> (Reading, Vec<RequestId>) {
    let reading = match (info, rules) {
        (Err(error), _) => failed(&error),
        (Ok((None, ids)), _) => return (Reading::Missing { code: "not listed".to_owned() }, ids),
        (Ok((Some(_), _)), None) => {
            failed(&CloudError::local(ErrorClass::Lost, "Unread", "its rules were not listed"))
        }
        (Ok((Some(_), mut ids)), Some(Err(error))) if error.class == ErrorClass::GroupMissing => {
            ids.extend(error.request_id);
            return (Reading::Missing { code: error.code }, ids);
        }
        (Ok((Some(_), _)), Some(Err(error))) => failed(&error),
        (Ok((Some(info), mut ids)), Some(Ok((rules, more)))) => {
            ids.extend(more);
            return (snapshot(account, info, rules), ids);
        }
    };
    (reading, Vec::new())
}

fn snapshot(account: &AccountId, info: GroupInfo, rules: Vec<Rule>) -> Reading {
    let owner = info.owner.unwrap_or_else(|| account.clone());
    if !owner.is_same(account) {
        return Reading::Failed {
            code: "OtherOwner".to_owned(),
            message: format!(
                "the group is shared by {owner}, which alone may change its rules: name that \
                 account in the manifest"
            ),
        };
    }
    if info.names.is_some_and(|names| !names.may_be(NamedGroups::of(&rules))) {
        return failed(&contradiction(
            "the listing of the group and the listing of its rules show different grants to groups",
        ));
    }
    Reading::Seen(Snapshot {
        name: info.name,
        vpc: info.vpc,
        owner,
        service_managed: info.service_managed,
        rules,
    })
}

/// Answers of one reading that contradict each other.
pub(super) fn contradiction(what: &str) -> CloudError {
    let message = format!("{what}, so neither is proof: try again later");
    CloudError::local(ErrorClass::Lost, CONTRADICTORY, message)
}

/// A reading that did not come about.
pub(super) fn failed(error: &CloudError) -> Reading {
    Reading::Failed { code: error.code.clone(), message: error.message.clone() }
}
