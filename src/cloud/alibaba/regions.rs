//! Regions of ECS and the endpoints that serve them.

use crate::cloud::{AlibabaSettings, CloudError, ExtraRegion};
use crate::model::RegionId;

/// The regions that are known by name, sorted. Source: the endpoint maps of the official SDKs
/// for ECS (`alibabacloud_ecs20140526` 7.11) and the public API metadata of 2026-04.
pub const REGIONS: [&str; 40] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ap-southeast-8",
    "cn-beijing",
    "cn-beijing-finance-1",
    "cn-chengdu",
    "cn-fuzhou",
    "cn-guangzhou",
    "cn-hangzhou",
    "cn-heyuan",
    "cn-heyuan-acdr-1",
    "cn-hongkong",
    "cn-huhehaote",
    "cn-nanjing",
    "cn-north-2-gov-1",
    "cn-qingdao",
    "cn-shanghai",
    "cn-shanghai-finance-1",
    "cn-shenzhen",
    "cn-shenzhen-finance-1",
    "cn-wuhan-lr",
    "cn-wulanchabu",
    "cn-zhangjiakou",
    "cn-zhengzhou-jva",
    "cn-zhongwei",
    "eu-central-1",
    "eu-west-1",
    "me-central-1",
    "me-east-1",
    "na-south-1",
    "us-east-1",
    "us-southeast-1",
    "us-west-1",
];

/// Hosts that serve regions of other names than their own, `ecs.{region}.aliyuncs.com` (the endpoint
/// map of the official SDK), also of regions that are known only once `extra_regions` lists them.
const EXCEPTIONS: [(&str, &[&str]); 5] = [
    (
        "ecs-cn-hangzhou.aliyuncs.com",
        &[
            "cn-beijing-nu16-b01",
            "cn-fujian",
            "cn-haidian-cm12-c01",
            "cn-hangzhou",
            "cn-hangzhou-bj-b01",
            "cn-hangzhou-internal-prod-1",
            "cn-hangzhou-internal-test-1",
            "cn-hangzhou-internal-test-2",
            "cn-hangzhou-internal-test-3",
            "cn-hangzhou-test-306",
            "cn-shanghai-et15-b01",
            "cn-shanghai-et2-b01",
            "cn-shanghai-finance-1",
            "cn-shanghai-internal-test-1",
            "cn-shenzhen-finance-1",
            "cn-shenzhen-st4-d01",
            "cn-shenzhen-su18-b01",
            "cn-zhangbei-na61-b01",
        ],
    ),
    (
        "ecs.aliyuncs.com",
        &[
            "ap-northeast-2-pop",
            "cn-beijing-finance-pop",
            "cn-beijing-gov-1",
            "cn-hangzhou-finance",
            "cn-hongkong-finance-pop",
            "cn-north-2-gov-1",
            "cn-shanghai-inner",
            "cn-shenzhen-inner",
            "cn-wuhan",
            "cn-yushanfang",
            "cn-zhangbei",
            "rus-west-1-pop",
        ],
    ),
    (
        "ecs.cn-qingdao-nebula.aliyuncs.com",
        &["cn-edge-1", "cn-huhehaote-nebula-1", "cn-zhengzhou-nebula-1"],
    ),
    ("ecs.cn-zhangjiakou.aliyuncs.com", &["cn-zhangjiakou-na62-a01"]),
    ("ecs.cn-shenzhen-cloudstone.aliyuncs.com", &["eu-west-1-oxs"]),
];

/// The region that is asked which regions there are.
pub(super) const HOME: &str = "cn-hangzhou";

/// The one endpoint of STS that serves every account of the public cloud.
const STS: &str = "https://sts.aliyuncs.com";
/// The metadata service of ECS instances, link-local: the provider documents no other.
const METADATA: &str = "http://100.100.100.200";

/// Whether a region stands in the built-in table.
pub fn is_known_region(region: &str) -> bool {
    REGIONS.binary_search(&region).is_ok()
}

/// The provider's own host of ECS in a region.
pub fn host_of(region: &str) -> String {
    let exception = EXCEPTIONS.iter().find(|(_, regions)| regions.contains(&region));
    exception.map_or_else(|| format!("ecs.{region}.aliyuncs.com"), |(host, _)| (*host).to_owned())
}

/// Where ECS and STS are called.
#[derive(Clone, Debug)]
pub(super) struct Endpoints {
    ecs: Option<String>,
    sts: Option<String>,
    metadata: String,
    extra: Vec<ExtraRegion>,
}

impl Endpoints {
    /// The endpoints of configuration.
    pub(super) fn new(settings: &AlibabaSettings) -> Self {
        Self {
            ecs: settings.ecs_endpoint.clone(),
            sts: settings.sts_endpoint.clone(),
            metadata: settings.metadata_endpoint.clone().unwrap_or_else(|| METADATA.to_owned()),
            extra: settings.extra_regions.clone(),
        }
    }

    /// The endpoint of ECS in `region`: what configuration says for all, then for this region, then
    /// the provider's host. `ErrorClass::Config` for a region that nobody knows: its name would
    /// become a host name.
    pub(super) fn ecs(&self, region: &RegionId) -> Result<String, CloudError> {
        let extra = self.extra.iter().find(|extra| extra.id == *region);
        if !is_known_region(region.as_str()) && extra.is_none() {
            let message =
                format!("region `{region}` is not known: add it to alibaba.extra_regions");
            return Err(CloudError::config("unknown_region", message));
        }
        Ok(match (&self.ecs, extra.and_then(|extra| extra.host.as_deref())) {
            (Some(template), _) => template.replace("{region}", region.as_str()),
            (None, Some(host)) => format!("https://{host}"),
            (None, None) => format!("https://{}", host_of(region.as_str())),
        })
    }

    /// The endpoint of STS: what configuration says, then what a profile says, then the one host
    /// for all regions.
    pub(super) fn sts<'e>(&'e self, of_profile: Option<&'e str>) -> &'e str {
        self.sts.as_deref().or(of_profile).unwrap_or(STS)
    }

    /// The metadata service of ECS instances.
    pub(super) fn metadata(&self) -> &str {
        &self.metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::ErrorClass;

    #[test]
    fn the_table_is_sorted_so_that_every_region_is_found() {
        assert!(REGIONS.is_sorted());
        assert!(REGIONS.iter().all(|region| is_known_region(region)));
        assert!(!is_known_region("cn-nowhere"));
        assert!(!is_known_region(""));
    }

    #[test]
    fn an_endpoint_comes_from_the_override_the_regions_own_host_the_exceptions_then_the_pattern() {
        let of = |settings: &AlibabaSettings, region: &str| {
            Endpoints::new(settings).ecs(&region.into()).map_err(|error| error.class)
        };
        let mut settings = AlibabaSettings::default();
        assert_eq!(of(&settings, "us-east-1"), Ok("https://ecs.us-east-1.aliyuncs.com".into()));
        assert_eq!(of(&settings, HOME), Ok("https://ecs-cn-hangzhou.aliyuncs.com".into()));
        assert_eq!(of(&settings, "evil.example#"), Err(ErrorClass::Config));
        let extra = |id: &str, host: Option<&str>| ExtraRegion {
            id: id.into(),
            host: host.map(str::to_owned),
        };
        settings.extra_regions = vec![
            extra("xx-new-1", None),
            extra("cn-hangzhou-finance", None),
            extra("cn-beijing", Some("ecs-vpc.cn-beijing.aliyuncs.com")),
        ];
        assert_eq!(of(&settings, "xx-new-1"), Ok("https://ecs.xx-new-1.aliyuncs.com".into()));
        assert_eq!(of(&settings, "cn-hangzhou-finance"), Ok("https://ecs.aliyuncs.com".into()));
        let own = "https://ecs-vpc.cn-beijing.aliyuncs.com".to_owned();
        assert_eq!(of(&settings, "cn-beijing"), Ok(own));
        settings.ecs_endpoint = Some("https://{region}.proxy.example".into());
        assert_eq!(of(&settings, HOME), Ok("https://cn-hangzhou.proxy.example".into()));
        assert_eq!(Endpoints::new(&settings).sts(None), "https://sts.aliyuncs.com");
    }
}
