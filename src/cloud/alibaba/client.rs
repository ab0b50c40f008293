//! The Alibaba Cloud client: one account's calls to ECS and STS.

use std::time::SystemTime;

use async_trait::async_trait;

use super::credentials::{Env, Keeper, Recipe};
use super::exchange::{Request, Service, exchange};
use super::node::{Node, Unreadable};
use super::regions::{Endpoints, HOME};
use super::{revoke, wire};
use crate::cloud::proof::Proof;
use crate::cloud::{
    AccountSource, Action, AlibabaSettings, Answer, Batch, Cloud, CloudError, GroupsPage, Http,
    References, RevokeOrder, RevokeReply, RulesPage, StaticKey, check_endpoint,
};
use crate::model::{AccountId, GroupId, Identity, Provider, RegionId};

/// How many things one call may name.
const BATCH: Batch = Provider::Alibaba.facts().batch;

/// Groups on a page of `DescribeSecurityGroups`, the most it gives.
const GROUPS_A_PAGE: &str = "100";
/// Rules on a page of `DescribeSecurityGroupAttribute`, the most it gives.
const RULES_A_PAGE: &str = "1000";

/// A client that acts as one Alibaba Cloud account.
pub struct AlibabaClient {
    http: Http,
    endpoints: Endpoints,
    keeper: Keeper,
    proof: Proof<StaticKey>,
}

/// The client of `account`. Sends nothing: roles are assumed by the first call.
///
/// `session` ends in the names of assumed-role sessions. `ErrorClass::Config` if the
/// configuration, an endpoint or a credential file is wrong; `ErrorClass::NotOurs` for
/// [`AccountSource::None`].
pub fn connect(
    http: Http,
    settings: &AlibabaSettings,
    source: &AccountSource,
    account: &AccountId,
    session: &str,
    env: Env,
) -> Result<AlibabaClient, CloudError> {
    let overrides = [&settings.ecs_endpoint, &settings.sts_endpoint, &settings.metadata_endpoint];
    for endpoint in overrides.into_iter().flatten() {
        check_endpoint(endpoint)
            .map_err(|why| CloudError::config("endpoint", format!("`{endpoint}`: {why}")))?;
    }
    let endpoints = Endpoints::new(settings);
    let recipe = Recipe::new(settings, source, account, session, env);
    let keeper = Keeper::new(http.clone(), endpoints.clone(), recipe)?;
    Ok(AlibabaClient { http, endpoints, keeper, proof: Proof::of(account) })
}

impl AlibabaClient {
    /// One call to ECS in `region`.
    async fn ecs<T>(
        &self,
        region: &RegionId,
        action: Action,
        parameters: Vec<(String, String)>,
        decode: impl FnOnce(&Node) -> Result<T, Unreadable> + Send,
    ) -> Result<Answer<T>, CloudError> {
        // What cannot be called needs no credentials.
        self.endpoints.ecs(region)?;
        let key = self.proven().await?;
        self.send(&key, region, action, parameters, decode).await
    }

    async fn send<T>(
        &self,
        key: &StaticKey,
        region: &RegionId,
        action: Action,
        parameters: Vec<(String, String)>,
        decode: impl FnOnce(&Node) -> Result<T, Unreadable> + Send,
    ) -> Result<Answer<T>, CloudError> {
        let endpoint = self.endpoints.ecs(region)?;
        let action = action.name(Provider::Alibaba);
        let request = Request { service: Service::Ecs, endpoint: &endpoint, action, parameters };
        exchange(&self.http, key, request, decode).await
    }

    /// The key to use now, whose it is being proven. A fixed key is whose it was.
    async fn proven(&self) -> Result<StaticKey, CloudError> {
        let key = self.keeper.key().await?;
        if self.keeper.is_fixed() {
            return Ok(key);
        }
        let asked = key.clone();
        self.proof.prove(key, self.who(&asked)).await
    }

    /// STS `GetCallerIdentity`; the region does not matter.
    async fn who(&self, key: &StaticKey) -> Result<Answer<Identity>, CloudError> {
        let request = Request {
            service: Service::Sts,
            endpoint: self.keeper.sts(),
            action: Action::Identify.name(Provider::Alibaba),
            parameters: vec![],
        };
        exchange(&self.http, key, request, wire::identity).await
    }
}

#[async_trait]
impl Cloud for AlibabaClient {
    fn provider(&self) -> Provider {
        Provider::Alibaba
    }

    fn batch(&self) -> Batch {
        BATCH
    }

    /// That of ECS, which counts calls by the minute.
    fn time(&self, region: &RegionId) -> Option<SystemTime> {
        self.http.time_of(&self.endpoints.ecs(region).ok()?)
    }

    async fn ready(&self, _region: &RegionId) -> Result<(), CloudError> {
        self.proven().await.map(drop)
    }

    async fn identify(&self, _region: &RegionId) -> Result<Answer<Identity>, CloudError> {
        let key = self.keeper.key().await?;
        let answer = self.who(&key).await?;
        // Another account's stays unproven; whoever asked sees whose it is.
        let _ = self.proof.judge(&key, &answer.value);
        Ok(answer)
    }

    async fn refresh(&self) -> Result<(), CloudError> {
        self.keeper.forget().await;
        Ok(())
    }

    /// `DescribeSecurityGroups`; a named group that does not exist is left out.
    async fn groups(
        &self,
        region: &RegionId,
        named: Option<&[GroupId]>,
        page: Option<&str>,
    ) -> Result<Answer<GroupsPage>, CloudError> {
        let mut parameters = listing(region, GROUPS_A_PAGE, page);
        if let Some(groups) = named {
            check_count(groups.len(), BATCH.groups)?;
            let ids: Vec<&str> = groups.iter().map(GroupId::as_str).collect();
            parameters.push(("SecurityGroupIds".to_owned(), serde_json::json!(ids).to_string()));
        }
        let decode = |node: &Node| wire::groups(node, named, page);
        self.ecs(region, Action::Groups, parameters, decode).await
    }

    /// `DescribeSecurityGroupAttribute`, all rules that can name a group; fails with
    /// `ErrorClass::GroupMissing` if there is no such group.
    async fn rules(
        &self,
        region: &RegionId,
        groups: &[GroupId],
        page: Option<&str>,
    ) -> Result<Answer<RulesPage>, CloudError> {
        let [group] = groups else { return Err(miscounted(groups.len(), BATCH.rules)) };
        let mut parameters = listing(region, RULES_A_PAGE, page);
        parameters.push(("SecurityGroupId".to_owned(), group.to_string()));
        parameters.push(("Direction".to_owned(), "all".to_owned()));
        // A classic network's default is `internet`, where no rule can name a group.
        parameters.push(("NicType".to_owned(), "intranet".to_owned()));
        let decode = |node: &Node| wire::rules(node, region, group, page);
        self.ecs(region, Action::Rules, parameters, decode).await
    }

    async fn references(
        &self,
        region: &RegionId,
        groups: &[GroupId],
    ) -> Result<Option<Answer<References>>, CloudError> {
        check_count(groups.len(), BATCH.references)?;
        let mut parameters = vec![("RegionId".to_owned(), region.to_string())];
        for (n, group) in (1..).zip(groups) {
            parameters.push((format!("SecurityGroupId.{n}"), group.to_string()));
        }
        let decode = |node: &Node| wire::references(node, groups);
        self.ecs(region, Action::References, parameters, decode).await.map(Some)
    }

    async fn regions(&self) -> Result<Answer<Vec<RegionId>>, CloudError> {
        self.ecs(&HOME.into(), Action::Regions, vec![], wire::regions).await
    }

    fn revoke_parameters(
        &self,
        order: &RevokeOrder<'_>,
    ) -> Result<Vec<(String, String)>, CloudError> {
        revoke::parameters(order, &BATCH)
    }

    async fn revoke(&self, order: &RevokeOrder<'_>) -> Result<Answer<RevokeReply>, CloudError> {
        let mut parameters = revoke::parameters(order, &BATCH)?;
        parameters.extend(order.token.map(|token| ("ClientToken".to_owned(), token.to_string())));
        // The provider tells nothing but the request's id.
        let accepted = RevokeReply { returned: true, ..RevokeReply::default() };
        let action = Action::Revoke(order.direction);
        // That which `ready` found: once a call was decided on, nothing is waited for.
        let key = match self.proof.last() {
            Some(proven) => proven,
            None => self.proven().await?,
        };
        self.send(&key, order.region, action, parameters, |_| Ok(accepted)).await
    }
}

/// The parameters of every paged read.
fn listing(region: &RegionId, size: &str, page: Option<&str>) -> Vec<(String, String)> {
    let mut parameters = vec![
        ("RegionId".to_owned(), region.to_string()),
        ("MaxResults".to_owned(), size.to_owned()),
    ];
    parameters.extend(page.map(|token| ("NextToken".to_owned(), token.to_owned())));
    parameters
}

fn check_count(count: usize, limit: usize) -> Result<(), CloudError> {
    if (1..=limit).contains(&count) { Ok(()) } else { Err(miscounted(count, limit)) }
}

/// A call that names nothing, or more than the API takes: part of it might be ignored.
fn miscounted(count: usize, limit: usize) -> CloudError {
    CloudError::config("batch", format!("{count} groups in one call, expected 1 to {limit}"))
}
