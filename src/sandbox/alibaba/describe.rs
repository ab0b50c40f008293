//! The reads of ECS beside a group's rules: groups, references, regions.

use serde_json::{Value, json};

use super::checks::{check_region, find_own};
use super::refusal::{missing, refuse};
use crate::model::{Direction, Provider};
use crate::sandbox::call::{Call, Refusal};
use crate::sandbox::live::Live;
use crate::sandbox::paging::page;
use crate::sandbox::world::{Group, LiveRule};

/// Groups on a page unless the call says otherwise, and what it may say.
const GROUPS_PAGE: (usize, std::ops::RangeInclusive<usize>) = (10, 1..=100);
/// Most groups of one `DescribeSecurityGroups` call.
const MOST_GROUPS: usize = 100;
/// Entries at which an answer of `DescribeSecurityGroupReferences` is cut; there is no next page.
const REFERENCES_CUT: usize = 100;
/// Most groups of one `DescribeSecurityGroupReferences` call.
const MOST_REFERENCES: usize = 10;

/// How many items a call wants on a page.
pub(super) fn page_size(
    call: &Call,
    (default, range): &(usize, std::ops::RangeInclusive<usize>),
) -> Result<usize, Refusal> {
    let Some(text) = call.param("MaxResults") else { return Ok(*default) };
    let size = text.parse().ok().filter(|size| range.contains(size));
    size.ok_or_else(|| {
        refuse("InvalidParameter.MaxResults", "The specified MaxResults is not valid.")
    })
}

/// The answer to a token of another listing.
pub(super) fn bad_token() -> Refusal {
    refuse("InvalidParameter.NextToken", "The specified NextToken is not valid.")
}

/// `DescribeSecurityGroups`: a page of the caller's groups in the region.
pub(super) fn groups(live: &Live, call: &Call) -> Result<Value, Refusal> {
    check_region(live, call)?;
    if call.param("DryRun") == Some("true") {
        return Err(refuse(
            "DryRunOperation",
            "Request validation has been passed with DryRun flag set.",
        ));
    }
    let named = named_groups(call)?;
    let place = (Provider::Alibaba, &call.account, &call.region);
    let mut groups = live.world().groups_of(place, named.as_deref());
    groups.retain(|group| is_asked_for(group, call));
    let size = page_size(call, &GROUPS_PAGE)?;
    let listing = format!("groups {} {named:?}", call.account);
    let page = page(groups, &listing, call.param("NextToken"), size).map_err(|_| bad_token())?;
    let groups: Vec<_> = page.items.into_iter().map(|group| group_body(group, live)).collect();
    Ok(json!({
        "RegionId": call.region,
        "SecurityGroups": { "SecurityGroup": groups },
        "NextToken": page.next.unwrap_or_default(),
    }))
}

/// The ids that the call names: `SecurityGroupIds` is a JSON array.
fn named_groups(call: &Call) -> Result<Option<Vec<String>>, Refusal> {
    let mut named: Option<Vec<String>> = None;
    if let Some(text) = call.param("SecurityGroupIds") {
        let malformed = || {
            refuse(
                "InvalidSecurityGroupId.Malformed",
                "The specified SecurityGroupIds is not valid.",
            )
        };
        let ids: Vec<String> = serde_json::from_str(text).map_err(|_| malformed())?;
        if ids.len() > MOST_GROUPS {
            return Err(malformed());
        }
        named = Some(ids);
    }
    if let Some(id) = call.param("SecurityGroupId") {
        named.get_or_insert_default().push(id.to_owned());
    }
    Ok(named)
}

fn is_asked_for(group: &Group, call: &Call) -> bool {
    let says = |name: &str, value: &str| call.param(name).is_none_or(|wanted| wanted == value);
    let network = if group.vpc.is_empty() { "classic" } else { "vpc" };
    says("SecurityGroupName", &group.name)
        && says("VpcId", &group.vpc)
        && says("NetworkType", network)
        && says("SecurityGroupType", "normal")
        && says("ServiceManaged", if group.managed { "true" } else { "false" })
}

fn group_body(group: &Group, live: &Live) -> Value {
    let rules = live.seen(group);
    json!({
        "SecurityGroupId": group.id,
        "SecurityGroupName": group.name,
        "SecurityGroupType": "normal",
        "VpcId": group.vpc,
        "Description": group.description,
        "ResourceGroupId": "",
        "ServiceManaged": group.managed,
        "CreationTime": "2025-06-01T00:00:00Z",
        "RuleCount": rules.len(),
        "GroupToGroupRuleCount": rules.iter().filter(|rule| rule.peer_group().is_some()).count(),
        "Tags": { "Tag": [] },
    })
}

/// `DescribeSecurityGroupReferences`: which groups, of whatever account, authorise these.
pub(super) fn references(live: &Live, call: &Call) -> Result<Value, Refusal> {
    check_region(live, call)?;
    let ids = call.list("SecurityGroupId");
    if ids.is_empty() || ids.len() > MOST_REFERENCES {
        let message = "SecurityGroupId is essential and size should less than 10.";
        return Err(if ids.is_empty() {
            missing("MissingParameter", "SecurityGroupId")
        } else {
            refuse("InvalidSecurityGroupId.Malformed", message)
        });
    }
    let (mut answered, mut room) = (Vec::new(), REFERENCES_CUT);
    for id in &ids {
        let group = find_own(live, call, id)?;
        let by: Vec<_> = referencing(live, group)
            .take(room)
            .map(|by| json!({"SecurityGroupId": by.id, "AliUid": by.account}))
            .collect();
        room -= by.len();
        if !by.is_empty() {
            answered.push(json!({
                "SecurityGroupId": id,
                "ReferencingSecurityGroups": { "ReferencingSecurityGroup": by },
            }));
        }
    }
    Ok(json!({ "SecurityGroupReferences": { "SecurityGroupReference": answered } }))
}

/// The groups with an ingress rule that names `group`.
fn referencing<'a>(live: &'a Live, group: &'a Group) -> impl Iterator<Item = &'a Group> {
    let names = |rule: &LiveRule| {
        rule.direction == Direction::Ingress && rule.peer_group() == Some(&group.id)
    };
    live.world()
        .groups
        .values()
        .filter(|by| by.cloud == Provider::Alibaba && by.region == group.region)
        .filter(move |by| live.seen(by).iter().any(names))
}

/// `DescribeRegions`.
pub(super) fn regions(live: &Live) -> Value {
    let regions: Vec<_> = live
        .world()
        .regions_of(Provider::Alibaba)
        .into_iter()
        .map(|id| {
            json!({
                "RegionId": id,
                "RegionEndpoint": format!("ecs.{id}.aliyuncs.com"),
                "LocalName": id,
                "Status": "available",
            })
        })
        .collect();
    json!({ "Regions": { "Region": regions } })
}
