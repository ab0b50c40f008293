//! What every ECS action checks first: the region and the group.

use super::refusal::{missing, refuse};
use crate::model::{GroupId, Provider};
use crate::sandbox::call::{Call, Refusal};
use crate::sandbox::live::Live;
use crate::sandbox::world::Group;

/// Refuses a call without a region or with one that the world does not know.
pub(super) fn check_region(live: &Live, call: &Call) -> Result<(), Refusal> {
    if call.region.as_str().is_empty() {
        return Err(missing("MissingParameter.RegionId", "RegionId"));
    }
    if live.world().has_region(Provider::Alibaba, &call.region) {
        return Ok(());
    }
    Err(refuse("InvalidRegionId.NotFound", "The specified RegionId does not exist."))
}

/// The group of the call, which is the caller's own.
pub(super) fn own_group<'a>(live: &'a Live, call: &Call) -> Result<&'a Group, Refusal> {
    check_region(live, call)?;
    let id = call
        .param("SecurityGroupId")
        .ok_or_else(|| missing("MissingParameter", "SecurityGroupId"))?;
    find_own(live, call, id)
}

/// A group of the caller by id.
pub(super) fn find_own<'a>(live: &'a Live, call: &Call, id: &str) -> Result<&'a Group, Refusal> {
    if !is_group_id(id) {
        return Err(refuse(
            "InvalidSecurityGroupId.Malformed",
            "The specified SecurityGroupId is not valid.",
        ));
    }
    live.world()
        .group(Provider::Alibaba, &call.account, &call.region, &GroupId::from(id))
        .ok_or_else(|| {
            refuse(
                "InvalidSecurityGroupId.NotFound",
                "The specified SecurityGroupId does not exist.",
            )
        })
}

/// `sg-` and letters, digits or `-`; or the older form, which is a UUID.
fn is_group_id(id: &str) -> bool {
    let rest = id.strip_prefix("sg-").unwrap_or(if id.len() == 36 { id } else { "" });
    !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}
