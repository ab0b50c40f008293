//! Regions in configuration: those of Alibaba Cloud beside the built-in table, and where STS of AWS
//! is asked.

use super::endpoint;
use crate::cloud::ExtraRegion;
use crate::cloud::aws::region_of_endpoint;
use crate::model::{Partition, RegionId};

/// Reads `extra_regions`: each entry is `id` or `id=host`.
///
/// # Errors
/// Everything that is wrong with them: regions become parts of host names.
pub(super) fn extra(entries: &[String]) -> Result<Vec<ExtraRegion>, Vec<String>> {
    let (mut regions, mut wrong): (Vec<ExtraRegion>, Vec<String>) = (Vec::new(), Vec::new());
    for entry in entries {
        match one(entry) {
            Err(why) => wrong.push(why),
            Ok(region) if regions.iter().any(|it| it.id == region.id && *it != region) => {
                wrong.push(format!("`{}` is given two hosts, expected one", region.id));
            }
            Ok(region) => regions.push(region),
        }
    }
    if wrong.is_empty() { Ok(regions) } else { Err(wrong) }
}

fn one(entry: &str) -> Result<ExtraRegion, String> {
    let (id, host) = match entry.split_once('=') {
        Some((id, host)) => (id.trim(), Some(host.trim())),
        None => (entry, None),
    };
    if !is_region(id) {
        let example = "one such as cn-beijing, or with its host cn-beijing=ecs.aliyuncs.com";
        return Err(format!("`{id}` is not a region, expected {example}"));
    }
    if let Some(host) = host {
        check_host(host).map_err(|why| {
            let expected = "a host's name alone such as ecs.aliyuncs.com";
            format!("`{entry}`: {why}, expected {expected}")
        })?;
    }
    let host = host.map(str::to_ascii_lowercase);
    Ok(ExtraRegion { id: RegionId::new(id), host })
}

fn is_region(id: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    id.contains('-') && id.split('-').all(is_word)
}

fn check_host(host: &str) -> Result<(), String> {
    if host.contains("://") {
        return Err("has a scheme".to_owned());
    }
    if let Some(bad) = host.chars().find(|c| matches!(c, ':' | '/' | '{' | '}')) {
        return Err(format!("`{bad}` does not belong in a host"));
    }
    if !host.contains('.') {
        return Err("is not a host's name".to_owned());
    }
    endpoint::check(&format!("https://{host}"))
}

/// Reads `sts_region`, which must agree with an `sts_endpoint` whose host names a region.
///
/// # Errors
/// What is wrong with it.
pub(super) fn home(text: &str, sts_endpoint: Option<&str>) -> Result<RegionId, String> {
    if Partition::of_region(text).is_none() {
        return Err(format!("`{text}` is not a region, expected one such as us-east-1"));
    }
    match sts_endpoint.and_then(region_of_endpoint) {
        Some(fixed) if fixed.as_str() != text => Err(format!(
            "is {text}, and aws.sts_endpoint is a host of {fixed}: expected one of the two keys, or \
             {{region}} in the endpoint"
        )),
        _ => Ok(RegionId::new(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(entries: &[&str]) -> Vec<String> {
        let entries: Vec<String> = entries.iter().map(|entry| (*entry).to_owned()).collect();
        match extra(&entries) {
            Ok(regions) => regions.iter().map(ToString::to_string).collect(),
            Err(wrong) => wrong,
        }
    }

    #[test]
    fn an_extra_region_is_an_id_or_an_id_and_its_host() {
        let entries = ["cn-new-1", "cn-hangzhou-finance=ecs.aliyuncs.com", "cn-new-1"];
        assert_eq!(told(&entries), entries);
        assert_eq!(told(&["cn-new = ECS.aliyuncs.com"]), ["cn-new=ecs.aliyuncs.com"]);
    }

    #[test]
    fn an_extra_region_that_could_lead_elsewhere_is_told_with_what_was_expected() {
        for (entry, part) in [
            ("cn-new=https://ecs.aliyuncs.com", "has a scheme"),
            ("cn-new=ecs.aliyuncs.com:443", "`:` does not belong"),
            ("cn-new=ecs.aliyuncs.com/x", "`/` does not belong"),
            ("cn-new={region}.aliyuncs.com", "`{` does not belong"),
            ("cn-new=me@ecs.aliyuncs.com", "`@` does not belong"),
            ("cn-new=ecs aliyuncs.com", "` ` does not belong"),
            ("cn-new=", "is not a host's name"),
            ("cn-new=ecs", "is not a host's name"),
            ("cn-new=169.254.169.254", "not a provider's"),
            ("cn-new=a.example=b.example", "`=` does not belong"),
            ("=ecs.aliyuncs.com", "is not a region"),
            ("beijing", "is not a region"),
        ] {
            let [told] = &told(&[entry])[..] else { panic!("{entry}") };
            assert!(told.contains(part) && told.contains("expected"), "{entry}: {told}");
        }
        assert!(told(&["cn-new=a.example", "cn-new"])[0].contains("two hosts"));
    }

    #[test]
    fn the_region_of_sts_agrees_with_its_endpoint() {
        assert_eq!(home("us-east-1", None), Ok("us-east-1".into()));
        for same in ["https://sts.us-east-1.amazonaws.com", "https://sts.{region}.amazonaws.com"] {
            assert_eq!(home("us-east-1", Some(same)), Ok("us-east-1".into()));
        }
        let other = home("eu-west-1", Some("https://sts.us-east-1.amazonaws.com"));
        assert!(other.is_err_and(|told| told.contains("us-east-1")));
        for bad in ["", "aws-global", "us-east-1a", "cn-beijing", "US-EAST-1"] {
            assert!(home(bad, None).is_err(), "{bad}");
        }
    }
}
