//! Which action does what.

use jiff::Timestamp;

use super::response::refuse;
use super::{change, describe, groups, sts};
use crate::model::Direction;
use crate::sandbox::call::{Call, Refusal};
use crate::sandbox::live::Live;

/// Carries out a call. A dry run tells that it would be allowed and does nothing.
pub(super) fn act(live: &mut Live, call: &Call, now: Timestamp) -> Result<String, Refusal> {
    if call.param("DryRun") == Some("true") {
        let message = "Request would have succeeded, but DryRun flag is set.";
        return Err(refuse("DryRunOperation", message));
    }
    match call.action.as_str() {
        "RevokeSecurityGroupIngress" => change::revoke(live, call, Direction::Ingress),
        "RevokeSecurityGroupEgress" => change::revoke(live, call, Direction::Egress),
        "AuthorizeSecurityGroupIngress" => change::authorize(live, call, Direction::Ingress, now),
        "AuthorizeSecurityGroupEgress" => change::authorize(live, call, Direction::Egress, now),
        "DescribeSecurityGroups" => groups::groups(live, call),
        "DescribeSecurityGroupRules" => describe::rules(live, call),
        "DescribeSecurityGroupReferences" => describe::references(live, call),
        "DescribeRegions" => describe::regions(live, call),
        "GetCallerIdentity" => Ok(sts::identity(call)),
        "AssumeRole" => sts::assume_role(live, call, now),
        action => {
            let message = format!("The action {action} is not valid for this web service.");
            Err(refuse("InvalidAction", message))
        }
    }
}
