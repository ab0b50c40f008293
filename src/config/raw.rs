//! The configuration as written: every key, nothing checked but names and types.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::value::{Number, RawLimit, Switch, TextList};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) alibaba: RawAlibaba,
    pub(super) aws: RawAws,
    pub(super) account: Vec<RawAccount>,
    pub(super) guard: RawGuard,
    pub(super) sandbox: RawSandbox,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawAlibaba {
    pub(super) ecs_endpoint: Option<String>,
    pub(super) sts_endpoint: Option<String>,
    pub(super) config_file: Option<String>,
    pub(super) profile: Option<String>,
    pub(super) role_arn: Option<String>,
    pub(super) extra_regions: TextList,
    pub(super) allow_external: Switch,
    pub(super) metadata_endpoint: Option<String>,
    pub(super) limits: BTreeMap<String, RawLimit>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawAws {
    pub(super) ec2_endpoint: Option<String>,
    pub(super) sts_endpoint: Option<String>,
    pub(super) profile: Option<String>,
    pub(super) role_arn: Option<String>,
    pub(super) sts_region: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) limits: BTreeMap<String, RawLimit>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawAccount {
    pub(super) cloud: Option<String>,
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) profile: Option<String>,
    pub(super) role_arn: Option<String>,
    pub(super) credentials: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawGuard {
    pub(super) max_rules: Option<Number>,
    pub(super) max_percent: Option<Number>,
    pub(super) max_failures: Option<RawFailures>,
    pub(super) fresh: Option<String>,
    pub(super) only_accounts: TextList,
    pub(super) protect: TextList,
}

/// `10` or `"5%"`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "expected a whole number such as 10 or a percentage such as \"5%\"")]
pub(super) enum RawFailures {
    Count(u64),
    Text(String),
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawSandbox {
    pub(super) world: Option<String>,
}
