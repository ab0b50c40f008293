//! What of an answer depends on the partition of its region.

use crate::model::{Partition, RegionId};
use crate::sandbox::world::Group;

/// The second part of the ARNs of a region.
pub(super) fn of(region: &RegionId) -> &'static str {
    Partition::of_region(region.as_str()).map_or("aws", |partition| partition.name)
}

/// The host of EC2 in a region.
pub(super) fn endpoint(region: &RegionId) -> String {
    let domain = Partition::of_region(region.as_str()).map(|partition| partition.domain);
    format!("ec2.{region}.{}", domain.unwrap_or("amazonaws.com"))
}

/// The ARN of a `kind` of thing beside or in a group.
pub(super) fn arn(group: &Group, kind: &str, id: &str) -> String {
    format!("arn:{}:ec2:{}:{}:{kind}/{id}", of(&group.region), group.region, group.account)
}
