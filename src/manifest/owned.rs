//! Reads group cells that also name the group's owner, as consoles and ARNs do: the id counts if the
//! owner is that of the row.

use std::collections::BTreeMap;

use super::Fault;
use crate::model::{AccountId, Provider};

/// What the row says of the group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    /// Its cloud.
    pub(super) cloud: Provider,
    /// Its region.
    pub(super) region: &'a str,
    /// The account of this end: an id or a name.
    pub(super) account: &'a str,
}

/// A group with its owner.
struct Owned<'a> {
    id: &'a str,
    account: &'a str,
    /// An ARN tells cloud and region, too.
    place: Option<(Provider, &'a str)>,
}

const EXPECTED: &str = "what the row says, or the group id alone";

/// The id in a group cell: the whole cell, or what follows the owner, if that is the owner of the row.
///
/// An empty cell of the row is not compared, since it is reported by itself.
///
/// # Errors
/// The owner, region or cloud is another one than the row's, or cannot be compared.
pub(super) fn bare<'a>(
    text: &'a str,
    row: &Row<'_>,
    names: &BTreeMap<(Provider, String), AccountId>,
) -> Result<&'a str, Fault> {
    let Some(owned) = by_arn(text).or_else(|| by_slash(text)) else { return Ok(text) };
    let wrong = |wrong, told: &str, rows: &str| {
        let detail = format!(": {told}, and the row says {rows}");
        Err(Fault::detailed(text, wrong, &detail, EXPECTED))
    };
    if let Some((cloud, region)) = owned.place {
        if cloud != row.cloud {
            return wrong("names another cloud", cloud.as_str(), row.cloud.as_str());
        }
        if region != row.region && !row.region.is_empty() {
            return wrong("names another region", region, row.region);
        }
    }
    let mapped = names.get(&(row.cloud, row.account.to_owned()));
    let account = mapped.map_or(row.account, AccountId::as_str);
    if owned.account == account || account.is_empty() {
        Ok(owned.id)
    } else if account.bytes().all(|byte| byte.is_ascii_digit()) {
        wrong("names another owner", owned.account, account)
    } else {
        let rows = format!("{account}, a name that no [[account]] maps");
        wrong("names an owner that cannot be compared", owned.account, &rows)
    }
}

/// `111122223333/sg-…`.
fn by_slash(text: &str) -> Option<Owned<'_>> {
    let (account, id) = text.split_once('/')?;
    let is_id = !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit());
    (is_id && id.starts_with("sg-")).then_some(Owned { id, account, place: None })
}

/// `arn:aws:ec2:REGION:ACCOUNT:security-group/sg-…`, `acs:ecs:REGION:ACCOUNT:securitygroup/sg-…`.
fn by_arn(text: &str) -> Option<Owned<'_>> {
    let (resource, id) = text.split_once('/')?;
    let parts: Vec<&str> = resource.split(':').collect();
    let (cloud, region, account) = match parts[..] {
        ["arn", partition, "ec2", region, account, "security-group"]
            if partition.starts_with("aws") =>
        {
            (Provider::Aws, region, account)
        }
        ["acs", "ecs", region, account, kind] if kind.eq_ignore_ascii_case("securitygroup") => {
            (Provider::Alibaba, region, account)
        }
        _ => return None,
    };
    Some(Owned { id, account, place: Some((cloud, region)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:ec2:us-east-1:111122223333:security-group/sg-0a1b2c3d";

    fn read(text: &str, cloud: Provider, account: &str) -> Result<String, String> {
        let region = if cloud == Provider::Aws { "us-east-1" } else { "cn-beijing" };
        let names = [((cloud, "hub".to_owned()), "111122223333".into())].into();
        let row = Row { cloud, region, account };
        bare(text, &row, &names).map(str::to_owned).map_err(|fault| fault.to_string())
    }

    #[test]
    fn an_owner_that_is_the_rows_is_taken_off() {
        for account in ["111122223333", "hub"] {
            for text in [ARN, "111122223333/sg-0a1b2c3d", "sg-0a1b2c3d"] {
                assert_eq!(
                    read(text, Provider::Aws, account),
                    Ok("sg-0a1b2c3d".to_owned()),
                    "{text}"
                );
            }
        }
        let acs = "acs:ecs:cn-beijing:12:securitygroup/sg-bp1";
        assert_eq!(read(acs, Provider::Alibaba, "12"), Ok("sg-bp1".to_owned()));
    }

    #[test]
    fn an_owner_a_region_or_a_cloud_that_is_not_the_rows_is_told_with_both() {
        let told = |text, cloud, account| read(text, cloud, account).expect_err(text);
        let owner = told(ARN, Provider::Aws, "444455556666");
        assert!(
            owner.contains("names another owner: 111122223333, and the row says 444455556666"),
            "{owner}"
        );
        let west = ARN.replace("east", "west");
        let region = told(&west, Provider::Aws, "111122223333");
        assert!(
            region.contains("another region: us-west-1, and the row says us-east-1"),
            "{region}"
        );
        let cloud = told(ARN, Provider::Alibaba, "111122223333");
        assert!(cloud.contains("another cloud: aws, and the row says alibaba"), "{cloud}");
        let name = told("111122223333/sg-0a1b2c3d", Provider::Aws, "team");
        assert!(name.contains("team, a name that no [[account]] maps"), "{name}");
    }

    #[test]
    fn whatever_is_no_owner_and_id_is_left_as_it_is() {
        for text in ["", "/sg-a", "sg-a/web", "x/sg-a", "arn:aws:iam::1:role/sg-a", "1/2"] {
            assert_eq!(read(text, Provider::Aws, "1"), Ok(text.to_owned()));
        }
    }
}
