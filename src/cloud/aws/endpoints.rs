//! Where the services of a region are, and for which region their requests are signed.
//!
//! EC2 is called in the region of the work. STS is asked where the caller is at home: a region that
//! the caller did not enable takes none of its keys, and roles that are assumed at home work
//! everywhere in the partition.

use super::caller::{Caller, Variant};
use crate::cloud::{AwsSettings, CloudError, check_endpoint};
use crate::model::{Partition, RegionId};

/// Where the hosts are that name no region.
const GLOBAL: &str = "us-east-1";

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

/// The host of a service, such as `ec2` or `portal.sso`, in `region`.
///
/// Not every region has every variant: that shows when the name is looked up. Source: the rule
/// sets of botocore 1.43 for `ec2`, `sts`, `sso` and `sso-oidc`.
///
/// # Errors
/// [`ErrorClass::Config`](crate::cloud::ErrorClass::Config) for a region of no partition: its name
/// would become a host name.
pub fn host_of(service: &str, region: &RegionId, variant: Variant) -> Result<String, CloudError> {
    let partition = partition_of(region)?;
    let domain = if variant.dual_stack { partition.dual_stack_domain } else { partition.domain };
    // The usual hosts of the US government's regions are validated ones.
    let has_usual_name = partition.name == "aws-us-gov" && !variant.dual_stack;
    let fips = if variant.fips && !has_usual_name { "-fips" } else { "" };
    Ok(format!("{service}{fips}.{region}.{domain}"))
}

/// The partition of `region`; `ErrorClass::Config` if it has none.
pub(super) fn partition_of(region: &RegionId) -> Result<&'static Partition, CloudError> {
    Partition::of_region(region.as_str()).ok_or_else(|| {
        let message = format!("region `{region}`: expected a name such as us-east-1");
        CloudError::config("region", message)
    })
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The URL, with a slash at its end.
    pub(super) url: String,
    /// The region for which it is signed.
    pub(super) region: RegionId,
}

/// Where the services are for one caller: the partition's hosts, or what configuration says.
#[derive(Clone, Debug, Default)]
pub(super) struct Endpoints {
    ec2: Option<Override>,
    sts: Option<Override>,
    caller: Caller,
}

impl Endpoints {
    /// Takes the overrides of `settings`; `ErrorClass::Config` if one may not be used.
    pub(super) fn new(settings: &AwsSettings) -> Result<Self, CloudError> {
        Ok(Self {
            ec2: Override::of("aws.ec2_endpoint", settings.ec2_endpoint.as_deref())?,
            sts: Override::of("aws.sts_endpoint", settings.sts_endpoint.as_deref())?,
            caller: Caller::default(),
        })
    }

    /// The same for `caller`.
    pub(super) fn of(&self, caller: Caller) -> Self {
        Self { caller, ..self.clone() }
    }

    /// Where `service` is called for work in `region`.
    pub(super) fn place(&self, service: Service, region: &RegionId) -> Result<Place, CloudError> {
        match service {
            Service::Ec2 => self.at(service, self.ec2.as_ref(), region, region),
            Service::Sts => {
                let home = self.caller.home(partition_of(region)?);
                let fixed = self.sts.as_ref().and_then(|it| it.region.as_ref());
                self.at(service, self.sts.as_ref(), fixed.or(home).unwrap_or(region), region)
            }
        }
    }

    /// The region of the one endpoint of EC2, if configuration names such a one.
    pub(super) fn fixed(&self) -> Option<&RegionId> {
        self.ec2.as_ref().and_then(|it| it.region.as_ref())
    }

    /// Which hosts are called where configuration names none.
    pub(super) const fn variant(&self) -> Variant {
        self.caller.variant
    }

    /// The place in region `at` for work in `region`.
    fn at(
        &self,
        service: Service,
        overridden: Option<&Override>,
        at: &RegionId,
        region: &RegionId,
    ) -> Result<Place, CloudError> {
        let is_good = partition_of(at)? == partition_of(region)?;
        let url = match overridden {
            None => format!("https://{}/", host_of(service.name(), at, self.caller.variant)?),
            Some(it) if is_good && it.region.as_ref().is_none_or(|own| own == at) => {
                format!("{}/", it.template.replace("{region}", at.as_str()))
            }
            Some(it) => return Err(it.elsewhere(region)),
        };
        Ok(Place { url, region: at.clone() })
    }
}

/// An endpoint that configuration names.
#[derive(Clone, Debug)]
struct Override {
    key: &'static str,
    template: String,
    /// The region that the host names, if it is a host of AWS.
    region: Option<RegionId>,
}

impl Override {
    fn of(key: &'static str, endpoint: Option<&str>) -> Result<Option<Self>, CloudError> {
        let Some(endpoint) = endpoint else { return Ok(None) };
        check_endpoint(endpoint).map_err(|why| {
            CloudError::config("endpoint", format!("{key} = \"{endpoint}\": {why}"))
        })?;
        // In lower case, as an HTTP client sends it: the host is part of what is signed.
        let template = endpoint.trim_end_matches('/').to_ascii_lowercase();
        let region = region_of_endpoint(&template);
        Ok(Some(Self { key, template, region }))
    }

    fn elsewhere(&self, region: &RegionId) -> CloudError {
        let Self { key, template, .. } = self;
        let message = format!(
            "{key} = \"{template}\" does not serve {region}, expected {{region}} in place of its \
             region, or no such key"
        );
        CloudError::config("endpoint", message)
    }
}

/// The region that an endpoint names, if it is a fixed one of AWS.
pub fn region_of_endpoint(endpoint: &str) -> Option<RegionId> {
    let (_, rest) = endpoint.split_once("://")?;
    let host = rest.split(['/', ':']).next()?.to_ascii_lowercase();
    let (partition, before) = Partition::of_host(&host)?;
    let is_region = |label: &&str| Partition::of_region(label).is_some();
    match before.rsplit('.').find(is_region) {
        Some(region) => Some(RegionId::new(region)),
        None => (partition.name == "aws" && !before.contains('.')).then(|| RegionId::new(GLOBAL)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::ErrorClass;

    fn region(name: &str) -> RegionId {
        RegionId::new(name)
    }

    fn url(endpoints: &Endpoints, service: Service, name: &str) -> Result<String, ErrorClass> {
        endpoints.place(service, &region(name)).map(|it| it.url).map_err(|error| error.class)
    }

    /// Where STS is asked for work in a region, and for which region that is signed.
    fn sts(endpoints: &Endpoints, name: &str) -> (String, String) {
        let place = endpoints.place(Service::Sts, &region(name)).expect("a place");
        (place.url, place.region.to_string())
    }

    fn overridden(ec2: Option<&str>, sts: Option<&str>) -> Endpoints {
        let settings = AwsSettings {
            ec2_endpoint: ec2.map(str::to_owned),
            sts_endpoint: sts.map(str::to_owned),
            ..AwsSettings::default()
        };
        Endpoints::new(&settings).expect("endpoints that may be used")
    }

    fn at_home(endpoints: &Endpoints, regions: &[&str]) -> Endpoints {
        endpoints.of(Caller::at_home(regions))
    }

    #[test]
    fn each_partition_has_its_own_hosts() {
        for (name, host) in [
            ("eu-west-3", "ec2.eu-west-3.amazonaws.com"),
            ("cn-north-1", "ec2.cn-north-1.amazonaws.com.cn"),
            ("us-gov-west-1", "ec2.us-gov-west-1.amazonaws.com"),
            ("eusc-de-east-1", "ec2.eusc-de-east-1.amazonaws.eu"),
            ("us-iso-east-1", "ec2.us-iso-east-1.c2s.ic.gov"),
        ] {
            let expected = format!("https://{host}/");
            assert_eq!(url(&Endpoints::default(), Service::Ec2, name), Ok(expected));
        }
        for bad in ["us-east-1/x", "us-east-1.evil.example", "us-new-east-1", ""] {
            assert_eq!(url(&Endpoints::default(), Service::Ec2, bad), Err(ErrorClass::Config));
        }
    }

    #[test]
    fn a_variant_has_hosts_of_its_own() {
        let host = |service, name, fips, dual_stack| {
            host_of(service, &region(name), Variant { fips, dual_stack }).expect("a region")
        };
        assert_eq!(host("ec2", "us-east-1", true, false), "ec2-fips.us-east-1.amazonaws.com");
        assert_eq!(host("sts", "us-east-1", false, true), "sts.us-east-1.api.aws");
        assert_eq!(host("sts", "us-east-1", true, true), "sts-fips.us-east-1.api.aws");
        assert_eq!(host("ec2", "us-gov-west-1", true, false), "ec2.us-gov-west-1.amazonaws.com");
        assert_eq!(host("ec2", "us-gov-west-1", true, true), "ec2-fips.us-gov-west-1.api.aws");
        assert_eq!(
            host("ec2", "cn-north-1", false, true),
            "ec2.cn-north-1.api.amazonwebservices.com.cn"
        );
    }

    #[test]
    fn sts_is_asked_where_the_caller_is_at_home_and_ec2_where_the_work_is() {
        let home = at_home(&Endpoints::default(), &["us-east-1"]);
        let expected = ("https://sts.us-east-1.amazonaws.com/".into(), "us-east-1".into());
        assert_eq!(sts(&home, "ap-east-1"), expected);
        let ec2 = "https://ec2.ap-east-1.amazonaws.com/".to_owned();
        assert_eq!(url(&home, Service::Ec2, "ap-east-1"), Ok(ec2));
        let work = ("https://sts.ap-east-1.amazonaws.com/".into(), "ap-east-1".into());
        assert_eq!(sts(&Endpoints::default(), "ap-east-1"), work);
    }

    #[test]
    fn a_home_in_another_partition_is_passed_over() {
        let home = at_home(&Endpoints::default(), &["us-east-1", "cn-northwest-1"]);
        let expected =
            ("https://sts.cn-northwest-1.amazonaws.com.cn/".into(), "cn-northwest-1".into());
        assert_eq!(sts(&home, "cn-north-1"), expected);
        assert_eq!(sts(&home, "us-gov-east-1").1, "us-gov-east-1");
        assert_eq!(sts(&home, "eu-west-1").1, "us-east-1");
    }

    #[test]
    fn a_fixed_endpoint_of_sts_is_signed_for_the_region_that_its_host_names() {
        for (endpoint, expected) in [
            ("https://sts.us-east-1.amazonaws.com", "us-east-1"),
            ("https://sts-fips.us-east-2.amazonaws.com:443", "us-east-2"),
            ("https://STS.amazonaws.com", "us-east-1"),
            ("https://vpce-1a-eu-west-1a.sts.eu-west-1.vpce.amazonaws.com", "eu-west-1"),
            ("https://sts.eu-west-1.api.aws", "eu-west-1"),
            // Hosts of others name no region.
            ("https://sts.{region}.amazonaws.com", "eu-south-2"),
            ("http://127.0.0.1:4011", "eu-south-2"),
            ("https://sts.us-east-1.proxy.example", "eu-south-2"),
        ] {
            let home = at_home(&overridden(None, Some(endpoint)), &["eu-south-2"]);
            assert_eq!(sts(&home, "ap-east-1").1, expected, "{endpoint}");
        }
    }

    #[test]
    fn a_fixed_endpoint_serves_no_other_region_or_partition() {
        let us = overridden(
            Some("https://ec2.us-east-1.amazonaws.com"),
            Some("https://sts.us-east-1.amazonaws.com"),
        );
        assert_eq!(us.fixed(), Some(&region("us-east-1")));
        assert!(url(&us, Service::Ec2, "us-east-1").is_ok());
        assert_eq!(url(&us, Service::Ec2, "us-west-2"), Err(ErrorClass::Config));
        assert!(url(&us, Service::Sts, "us-west-2").is_ok());
        assert_eq!(url(&us, Service::Sts, "cn-north-1"), Err(ErrorClass::Config));
    }

    #[test]
    fn an_override_holds_for_every_region_and_variant_and_must_be_https_or_loopback() {
        let endpoints = overridden(None, Some("https://STS.{region}.Example.org/"));
        let variant = Variant { fips: true, dual_stack: true };
        let endpoints = endpoints.of(Caller { variant, ..Caller::default() });
        let expected = "https://sts.us-east-1.example.org/".to_owned();
        assert_eq!(url(&endpoints, Service::Sts, "us-east-1"), Ok(expected));
        let bad = Some("http://sts.example.org".to_owned());
        let settings = AwsSettings { sts_endpoint: bad, ..AwsSettings::default() };
        let refused = Endpoints::new(&settings).map(|_| ());
        assert_eq!(refused.map_err(|error| error.class), Err(ErrorClass::Config));
    }
}
