//! Partitions of AWS: sets of regions that share accounts, ARNs and domains with no other set.

/// A partition. Its name is the second part of its ARNs.
///
/// Source: `partitions.json` of botocore 1.43; `tests/peers` compares all of it with the botocore
/// that is installed.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Partition {
    /// The name, such as `aws-cn`.
    pub name: &'static str,
    /// What its regions begin with, before a word and a number; empty for any two letters.
    area: &'static str,
    /// The domain of its hosts.
    pub domain: &'static str,
    /// The domain of its hosts that have IPv6 addresses, too.
    pub dual_stack_domain: &'static str,
}

/// Every partition. The one whose areas are not listed is the last.
static PARTITIONS: [Partition; 8] = [
    partition("aws-cn", "cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    partition("aws-us-gov", "us-gov", "amazonaws.com", "api.aws"),
    partition("aws-eusc", "eusc-de", "amazonaws.eu", "api.amazonwebservices.eu"),
    partition("aws-iso", "us-iso", "c2s.ic.gov", "api.aws.ic.gov"),
    partition("aws-iso-b", "us-isob", "sc2s.sgov.gov", "api.aws.scloud"),
    partition("aws-iso-e", "eu-isoe", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    partition("aws-iso-f", "us-isof", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    partition("aws", "", "amazonaws.com", "api.aws"),
];

const fn partition(
    name: &'static str,
    area: &'static str,
    domain: &'static str,
    dual_stack_domain: &'static str,
) -> Partition {
    Partition { name, area, domain, dual_stack_domain }
}

impl Partition {
    /// Every partition.
    pub fn all() -> &'static [Self] {
        &PARTITIONS
    }

    /// The partition of a region: an area, a word and a number, such as `us-gov-west-1`. The list
    /// of regions is not closed, that of partitions is: `None` for a word of another form, and for
    /// an area of no partition.
    pub fn of_region(region: &str) -> Option<&'static Self> {
        let (rest, number) = region.rsplit_once('-')?;
        let (area, word) = rest.rsplit_once('-')?;
        let is_form = !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_lowercase())
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit());
        PARTITIONS.iter().find(|partition| is_form && partition.has_area(area))
    }

    /// The partition of this name: the second part of an ARN.
    pub fn named(name: &str) -> Option<&'static Self> {
        PARTITIONS.iter().find(|partition| partition.name == name)
    }

    /// The partition to which a host belongs, by its domain, and what stands before the domain.
    /// Where two share a domain it is the commercial one.
    pub fn of_host(host: &str) -> Option<(&'static Self, &str)> {
        PARTITIONS.iter().rev().find_map(|partition| {
            let before = [partition.domain, partition.dual_stack_domain]
                .iter()
                .find_map(|domain| host.strip_suffix(domain)?.strip_suffix('.'))?;
            Some((partition, before))
        })
    }

    fn has_area(&self, area: &str) -> bool {
        if self.area.is_empty() {
            area.len() == 2 && area.bytes().all(|byte| byte.is_ascii_lowercase())
        } else {
            area == self.area
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_of(region: &str) -> Option<&'static str> {
        Partition::of_region(region).map(|partition| partition.name)
    }

    #[test]
    fn a_regions_partition_is_known_by_its_area() {
        for (region, partition) in [
            ("us-east-1", "aws"),
            ("ap-southeast-12", "aws"),
            ("mx-central-1", "aws"),
            ("xx-north-1", "aws"),
            ("cn-northwest-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("eusc-de-east-1", "aws-eusc"),
            ("us-iso-west-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
        ] {
            assert_eq!(name_of(region), Some(partition), "{region}");
            assert_eq!(Partition::named(partition).map(|it| it.name), Some(partition));
        }
    }

    #[test]
    fn what_is_no_region_or_of_no_partition_has_none() {
        for text in [
            "",
            "us",
            "us-1",
            "us-east",
            "us-east-1a",
            "US-east-1",
            "us--1",
            "use-east-1",
            "us-east-1.example.org/#",
            "us-east-",
            "us-east1-1",
            "-east-1",
            "aws-global",
            "us-new-east-1",
            "eusc-fr-east-1",
            "us-isox-east-1",
            "cn-beijing",
        ] {
            assert_eq!(name_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_host_is_of_the_partition_whose_domain_it_has() {
        let of = |host| Partition::of_host(host).map(|(partition, rest)| (partition.name, rest));
        assert_eq!(of("sts.us-east-1.amazonaws.com"), Some(("aws", "sts.us-east-1")));
        assert_eq!(of("ec2.cn-north-1.amazonaws.com.cn"), Some(("aws-cn", "ec2.cn-north-1")));
        assert_eq!(of("sts.amazonaws.com"), Some(("aws", "sts")));
        assert_eq!(
            of("sts.eusc-de-east-1.api.amazonwebservices.eu").map(|it| it.0),
            Some("aws-eusc")
        );
        assert_eq!(of("sts.us-east-1.notamazonaws.com"), None);
        assert_eq!(of("127.0.0.1"), None);
    }
}
