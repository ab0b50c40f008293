//! What the environment says of a caller: the region of STS, and which hosts are called.

use super::Told;
use super::variables::Variables;
use crate::model::{Partition, RegionId};

/// Where a caller of AWS is at home; the first that is set counts.
const REGION: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];
const FIPS: &str = "AWS_USE_FIPS_ENDPOINT";
const DUAL_STACK: &str = "AWS_USE_DUALSTACK_ENDPOINT";
/// `legacy` sends the calls of the older regions to one host for all.
const STS_HOSTS: &str = "AWS_STS_REGIONAL_ENDPOINTS";
/// Variables of Alibaba Cloud's tools that send calls to other hosts, and what does so here.
const ALIBABA: [(&str, &str); 4] = [
    ("ALIBABA_CLOUD_ENDPOINT", "an endpoint is overridden by alibaba.ecs_endpoint"),
    ("ALIBABA_CLOUD_STS_ENDPOINT", "an endpoint is overridden by alibaba.sts_endpoint"),
    (
        "ALIBABA_CLOUD_STS_REGION",
        "STS is asked where alibaba.sts_endpoint or the profile's sts_region says, else at its one \
         host for all regions",
    ),
    (
        "ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED",
        "hosts of a VPC are named by alibaba.ecs_endpoint and alibaba.sts_endpoint, such as \
         https://ecs-vpc.{region}.aliyuncs.com",
    ),
];

/// What STS of AWS is told to be, by whichever source says it.
pub(in crate::cloud) const STS_AT: &str =
    "STS of AWS is asked, where aws.sts_region does not say, in";
/// The same of hosts with validated cryptography.
pub(in crate::cloud) const FIPS_HOSTS: &str =
    "hosts of AWS with FIPS cryptography are called where no endpoint is configured";
/// The same of hosts that have IPv6 addresses, too.
pub(in crate::cloud) const DUAL_STACK_HOSTS: &str =
    "dual-stack hosts of AWS are called where no endpoint is configured";

/// What the environment says to every caller of AWS; `None` where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cloud) struct AwsVariables {
    /// Where the caller is at home.
    pub(in crate::cloud) region: Option<RegionId>,
    /// Whether FIPS hosts are called.
    pub(in crate::cloud) fips: Option<bool>,
    /// Whether dual-stack hosts are called.
    pub(in crate::cloud) dual_stack: Option<bool>,
}

impl AwsVariables {
    /// Reads the variables; what cannot be obeyed goes to `refused`.
    pub(super) fn read(
        variables: &Variables<'_>,
        told: &mut Vec<Told>,
        refused: &mut Vec<String>,
    ) -> Self {
        let mut obeyed = Self::default();
        if let Some((from, value)) = variables.first(&REGION) {
            match region(value, from) {
                Ok(region) => {
                    told.push(Told::taken(STS_AT, region.to_string(), from));
                    obeyed.region = Some(region);
                }
                Err(why) => refused.push(why),
            }
        }
        let mut read = |name: &'static str, what| {
            let (from, value) = variables.first(&[name])?;
            match flag(value, from) {
                Ok(is_on) => {
                    told.push(Told::taken(what, is_on.to_string(), from));
                    Some(is_on)
                }
                Err(why) => {
                    refused.push(why);
                    None
                }
            }
        };
        obeyed.fips = read(FIPS, FIPS_HOSTS);
        obeyed.dual_stack = read(DUAL_STACK, DUAL_STACK_HOSTS);
        told.extend(unheeded(variables));
        obeyed
    }
}

/// What is set and not taken.
fn unheeded(variables: &Variables<'_>) -> impl Iterator<Item = Told> {
    let sts = variables
        .first(&[STS_HOSTS])
        .filter(|(_, value)| !value.trim().eq_ignore_ascii_case("regional"));
    let sts = sts.map(|(from, _)| {
        Told::ignored(from, "STS of AWS is asked in one region: set aws.sts_region")
    });
    let alibaba = ALIBABA.iter().filter_map(|(name, what)| {
        variables.first(&[*name]).map(|(from, _)| Told::ignored(from, what))
    });
    sts.into_iter().chain(alibaba.collect::<Vec<_>>())
}

/// A region of AWS, or what is wrong with it; `from` says where it stands.
pub(in crate::cloud) fn region(text: &str, from: &str) -> Result<RegionId, String> {
    let name = text.trim();
    match Partition::of_region(name) {
        Some(_) => Ok(RegionId::new(name)),
        None => Err(format!(
            "{from}: `{name}` is not a region of AWS, expected one such as us-east-1: correct it, or \
             unset it"
        )),
    }
}

/// A switch, or what is wrong with it; `from` says where it stands.
pub(in crate::cloud) fn flag(text: &str, from: &str) -> Result<bool, String> {
    match text.trim() {
        word if word.eq_ignore_ascii_case("true") => Ok(true),
        word if word.eq_ignore_ascii_case("false") => Ok(false),
        word => Err(format!("{from}: `{word}`, expected true or false: correct it, or unset it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Read {
        obeyed: AwsVariables,
        told: Vec<String>,
        refused: Vec<String>,
    }

    fn read(env: &[(&str, &str)]) -> Read {
        let env: Vec<_> = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let (mut told, mut refused) = (Vec::new(), Vec::new());
        let obeyed = AwsVariables::read(&Variables::new(&env), &mut told, &mut refused);
        Read { obeyed, told: told.iter().map(ToString::to_string).collect(), refused }
    }

    #[test]
    fn the_region_is_that_of_the_first_variable_that_is_set() {
        let of = |env: &[(&str, &str)]| read(env).obeyed.region.map(|it| it.to_string());
        let (first, second) = (("AWS_REGION", "us-east-1"), ("AWS_DEFAULT_REGION", "ca-west-1"));
        assert_eq!(of(&[second, first]).as_deref(), Some("us-east-1"));
        assert_eq!(of(&[second, ("AWS_REGION", " ")]).as_deref(), Some("ca-west-1"));
        assert_eq!(of(&[]), None);
        assert_eq!(read(&[second]).told, [format!("{STS_AT}: ca-west-1 (AWS_DEFAULT_REGION)")]);
    }

    #[test]
    fn a_switch_is_true_or_false_in_any_case_and_nothing_else() {
        for (text, expected) in
            [("true", true), ("TRUE", true), ("False", false), ("false ", false)]
        {
            for name in [FIPS, DUAL_STACK] {
                let read = read(&[(name, text)]);
                let of = if name == FIPS { read.obeyed.fips } else { read.obeyed.dual_stack };
                assert_eq!(of, Some(expected), "{name}={text}");
                assert!(read.told[0].ends_with(&format!("{expected} ({name})")), "{:?}", read.told);
            }
        }
        for text in ["1", "yes", "on", "truee"] {
            let Read { obeyed, told, refused } = read(&[(FIPS, text)]);
            assert_eq!((obeyed, told), (AwsVariables::default(), vec![]), "{text}");
            assert!(refused[0].starts_with(FIPS) && refused[0].contains("true or false"));
        }
        assert_eq!(read(&[(FIPS, "")]).obeyed, AwsVariables::default());
    }

    #[test]
    fn everything_that_cannot_be_obeyed_is_refused_with_what_was_expected() {
        let env = [("AWS_REGION", "us-east-1a"), (FIPS, "1"), (DUAL_STACK, "2")];
        let refused = read(&env).refused;
        assert_eq!(refused.len(), 3, "{refused:?}");
        assert!(refused[0].starts_with("AWS_REGION: `us-east-1a`"), "{refused:?}");
    }

    #[test]
    fn variables_that_send_calls_to_other_hosts_are_ignored_and_told() {
        assert!(read(&[(STS_HOSTS, "regional"), ("ALIBABA_CLOUD_REGION_ID", "x")]).told.is_empty());
        let told = read(&[(STS_HOSTS, "legacy")]).told;
        assert!(told[0].starts_with("AWS_STS_REGIONAL_ENDPOINTS is ignored"), "{told:?}");
        for (name, _) in ALIBABA {
            let told = read(&[(name, "x")]).told;
            assert!(told[0].starts_with(&format!("{name} is ignored")), "{told:?}");
        }
    }
}
