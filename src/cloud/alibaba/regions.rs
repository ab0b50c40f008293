//! Regions of ECS and the endpoints that serve them.

use crate::cloud::{AlibabaSettings, CloudError};
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

/// Regions whose host does not follow `ecs.{region}.aliyuncs.com` (same source).
const EXCEPTIONS: [(&str, &str); 4] = [
    ("cn-hangzhou", "ecs-cn-hangzhou.aliyuncs.com"),
    ("cn-north-2-gov-1", "ecs.aliyuncs.com"),
    ("cn-shanghai-finance-1", "ecs-cn-hangzhou.aliyuncs.com"),
    ("cn-shenzhen-finance-1", "ecs-cn-hangzhou.aliyuncs.com"),
];

/// The region that is asked which regions there are.
pub(super) const HOME: &str = "cn-hangzhou";

/// The one endpoint of STS that serves every account of the public cloud.
const STS: &str = "https://sts.aliyuncs.com";

/// Whether a region stands in the built-in table.
pub fn is_known_region(region: &str) -> bool {
    REGIONS.binary_search(&region).is_ok()
}

/// Where ECS and STS are called.
#[derive(Clone, Debug)]
pub(super) struct Endpoints {
    ecs: Option<String>,
    sts: String,
    extra: Vec<String>,
}

impl Endpoints {
    /// The endpoints of configuration.
    pub(super) fn new(settings: &AlibabaSettings) -> Self {
        Self {
            ecs: settings.ecs_endpoint.clone(),
            sts: settings.sts_endpoint.clone().unwrap_or_else(|| STS.to_owned()),
            extra: settings.extra_regions.clone(),
        }
    }

    /// The endpoint of ECS in `region`. `ErrorClass::Config` for a region that nobody knows:
    /// its name would become a host name.
    pub(super) fn ecs(&self, region: &RegionId) -> Result<String, CloudError> {
        let region = region.as_str();
        if !is_known_region(region) && !self.extra.iter().any(|extra| extra == region) {
            let message =
                format!("region `{region}` is not known: add it to alibaba.extra_regions");
            return Err(CloudError::config("unknown_region", message));
        }
        let exception = EXCEPTIONS.iter().find(|(name, _)| *name == region);
        Ok(match (&self.ecs, exception) {
            (Some(template), _) => template.replace("{region}", region),
            (None, Some((_, host))) => format!("https://{host}"),
            (None, None) => format!("https://ecs.{region}.aliyuncs.com"),
        })
    }

    /// The endpoint of STS.
    pub(super) fn sts(&self) -> &str {
        &self.sts
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
    fn an_endpoint_comes_from_the_override_then_the_exceptions_then_the_pattern() {
        let of = |settings: &AlibabaSettings, region: &str| {
            Endpoints::new(settings).ecs(&region.into()).map_err(|error| error.class)
        };
        let mut settings = AlibabaSettings::default();
        assert_eq!(of(&settings, "us-east-1"), Ok("https://ecs.us-east-1.aliyuncs.com".into()));
        assert_eq!(of(&settings, HOME), Ok("https://ecs-cn-hangzhou.aliyuncs.com".into()));
        assert_eq!(of(&settings, "evil.example#"), Err(ErrorClass::Config));
        settings.extra_regions = vec!["xx-new-1".into()];
        assert_eq!(of(&settings, "xx-new-1"), Ok("https://ecs.xx-new-1.aliyuncs.com".into()));
        settings.ecs_endpoint = Some("https://{region}.proxy.example".into());
        assert_eq!(of(&settings, HOME), Ok("https://cn-hangzhou.proxy.example".into()));
        assert_eq!(Endpoints::new(&settings).sts(), "https://sts.aliyuncs.com");
    }
}
