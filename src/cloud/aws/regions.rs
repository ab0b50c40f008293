//! Regions: what a region's name looks like, its partition and its endpoints.

use crate::cloud::{AwsSettings, CloudError, check_endpoint};
use crate::model::RegionId;

/// A set of regions with accounts, ARNs and a domain of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Partition {
    /// The commercial regions.
    Aws,
    /// China.
    China,
    /// The regions of the US government.
    UsGov,
}

impl Partition {
    /// The partition of `region`. The list of regions is not closed, so a name is checked by its
    /// form; `ErrorClass::Config` for a bad form and for the isolated partitions.
    pub(super) fn of(region: &RegionId) -> Result<Self, CloudError> {
        let name = region.as_str();
        if !is_region(name) {
            return Err(bad_region(name, "expected a name such as us-east-1"));
        }
        match name {
            _ if name.starts_with("cn-") => Ok(Self::China),
            _ if name.starts_with("us-gov-") => Ok(Self::UsGov),
            _ if name.split('-').nth(1).is_some_and(|part| part.starts_with("iso")) => {
                Err(bad_region(name, "expected a region of aws, aws-cn or aws-us-gov"))
            }
            _ => Ok(Self::Aws),
        }
    }

    /// The word in ARNs.
    pub(super) const fn arn(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::China => "aws-cn",
            Self::UsGov => "aws-us-gov",
        }
    }

    /// The domain of its endpoints.
    const fn domain(self) -> &'static str {
        match self {
            Self::Aws | Self::UsGov => "amazonaws.com",
            Self::China => "amazonaws.com.cn",
        }
    }
}

/// A service that is called, by its name in signatures and hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// EC2.
    Ec2,
    /// The Security Token Service.
    Sts,
}

impl Service {
    /// The name in signatures and hosts.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Sts => "sts",
        }
    }
}

/// Where the services of a region are: the partition's hosts, or what configuration says.
#[derive(Clone, Debug, Default)]
pub(super) struct Endpoints {
    ec2: Option<String>,
    sts: Option<String>,
}

impl Endpoints {
    /// Takes the overrides of `settings`; `ErrorClass::Config` if one may not be used.
    pub(super) fn new(settings: &AwsSettings) -> Result<Self, CloudError> {
        Ok(Self {
            ec2: checked("aws.ec2_endpoint", settings.ec2_endpoint.as_deref())?,
            sts: checked("aws.sts_endpoint", settings.sts_endpoint.as_deref())?,
        })
    }

    /// The URL of `service` in `region`, with a slash at its end.
    pub(super) fn url(&self, service: Service, region: &RegionId) -> Result<String, CloudError> {
        let partition = Partition::of(region)?;
        let overridden = match service {
            Service::Ec2 => self.ec2.as_deref(),
            Service::Sts => self.sts.as_deref(),
        };
        Ok(match overridden {
            Some(endpoint) => format!("{}/", endpoint.replace("{region}", region.as_str())),
            None => format!("https://{}.{region}.{}/", service.name(), partition.domain()),
        })
    }
}

fn checked(key: &str, endpoint: Option<&str>) -> Result<Option<String>, CloudError> {
    let Some(endpoint) = endpoint else { return Ok(None) };
    match check_endpoint(endpoint) {
        // In lower case, as an HTTP client sends it: the host is part of what is signed.
        Ok(()) => Ok(Some(endpoint.trim_end_matches('/').to_ascii_lowercase())),
        Err(why) => {
            let message = format!("{key} = \"{endpoint}\": {why}");
            Err(CloudError::config("endpoint", message))
        }
    }
}

fn bad_region(name: &str, expected: &str) -> CloudError {
    CloudError::config("region", format!("region `{name}`: {expected}"))
}

/// Whether `name` has the form `^[a-z]{2}(-[a-z]+)+-[0-9]+$`.
pub(super) fn is_region(name: &str) -> bool {
    let all = |part: &str, wanted: fn(u8) -> bool| !part.is_empty() && part.bytes().all(wanted);
    let lower = |byte: u8| byte.is_ascii_lowercase();
    let parts: Vec<&str> = name.split('-').collect();
    match parts.as_slice() {
        [area, middle @ .., number] if !middle.is_empty() => {
            area.len() == 2
                && all(area, lower)
                && middle.iter().all(|part| all(part, lower))
                && all(number, |byte| byte.is_ascii_digit())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::ErrorClass;

    #[test]
    fn a_region_is_known_by_its_form() {
        for good in ["us-east-1", "cn-north-1", "us-gov-west-1", "ap-southeast-12", "mx-central-1"]
        {
            assert!(is_region(good), "{good}");
        }
        for bad in ["", "us", "us-1", "us-east", "us-east-1a", "US-east-1", "us--1", "use-east-1"] {
            assert!(!is_region(bad), "{bad}");
        }
        assert!(!is_region("us-east-1.example.org/#"));
    }

    #[test]
    fn each_partition_has_its_own_hosts_and_arns() {
        let endpoints = Endpoints::default();
        for (region, ec2, arn) in [
            ("eu-west-3", "https://ec2.eu-west-3.amazonaws.com/", "aws"),
            ("cn-north-1", "https://ec2.cn-north-1.amazonaws.com.cn/", "aws-cn"),
            ("us-gov-west-1", "https://ec2.us-gov-west-1.amazonaws.com/", "aws-us-gov"),
        ] {
            let region = RegionId::new(region);
            assert_eq!(endpoints.url(Service::Ec2, &region).as_deref(), Ok(ec2));
            assert_eq!(Partition::of(&region).map(Partition::arn), Ok(arn));
        }
    }

    #[test]
    fn isolated_partitions_and_bad_names_are_refused() {
        for bad in ["us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-east-1/x"] {
            let refused = Partition::of(&RegionId::new(bad)).map_err(|error| error.class);
            assert_eq!(refused, Err(ErrorClass::Config), "{bad}");
        }
    }

    #[test]
    fn an_override_holds_for_every_region_and_must_be_https_or_loopback() {
        let settings = |url: &str| AwsSettings {
            sts_endpoint: Some(url.to_owned()),
            ..AwsSettings::default()
        };
        let region = RegionId::new("us-east-1");
        let endpoints = Endpoints::new(&settings("https://STS.{region}.Example.org/"))
            .expect("an https override");
        assert_eq!(
            endpoints.url(Service::Sts, &region).as_deref(),
            Ok("https://sts.us-east-1.example.org/")
        );
        let refused = Endpoints::new(&settings("http://sts.example.org")).map(|_| ());
        assert_eq!(refused.map_err(|error| error.class), Err(ErrorClass::Config));
    }
}
