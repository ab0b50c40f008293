//! The clouds as a process sees them: every exchange takes time and meets its fate.

use std::sync::Arc;

use async_trait::async_trait;
use unpair::cloud::{
    Answer, Batch, Cloud, CloudError, Directory, GroupsPage, Reference, RevokeOrder, RevokeReply,
    RulesPage,
};
use unpair::model::{AccountId, GroupId, Identity, Provider, RegionId};
use unpair::run::request_hash;

use crate::ground::Ground;
use crate::world::Request;

/// Rules on a page: fewer than a group has, so that listings have several.
const PAGE: usize = 4;
/// Rules in a call: fewer than a group has, so that groups have several calls.
const RULES_IN_A_CALL: usize = 2;

/// The directory of every account.
pub(crate) struct Accounts(pub(crate) Arc<Ground>);

#[async_trait]
impl Directory for Accounts {
    async fn client(
        &self,
        cloud: Provider,
        account: &AccountId,
        _region: Option<&RegionId>,
    ) -> Result<Arc<dyn Cloud>, CloudError> {
        Ok(Arc::new(Client { ground: Arc::clone(&self.0), cloud, account: account.clone() }))
    }
}

struct Client {
    ground: Arc<Ground>,
    cloud: Provider,
    account: AccountId,
}

impl Client {
    /// Takes the time of a read, and its fate.
    async fn read(&self) -> Result<(), CloudError> {
        self.meet_trouble(false).await?;
        self.well_read().await
    }

    /// The same of an endpoint that has no trouble.
    async fn well_read(&self) -> Result<(), CloudError> {
        self.ground.alive().await;
        let (asked, fate) = (self.ground.time.now(), self.ground.world().ask());
        self.ground.until(asked + fate.heard).await;
        self.ground.alive().await;
        self.ended(false, false);
        fate.refusal().map_or(Ok(()), Err)
    }

    /// Fails if the account has gone bad, once it has taken the time.
    async fn meet_trouble(&self, is_revocation: bool) -> Result<(), CloudError> {
        let trouble = self.ground.world().trouble(&self.account, is_revocation);
        let Some((after, error)) = trouble else { return Ok(()) };
        self.ground.until(self.ground.time.now() + after).await;
        self.ended(is_revocation, true);
        Err(error)
    }

    fn ended(&self, is_revocation: bool, is_bad: bool) {
        let now = self.ground.time.now();
        self.ground.world().exchanged(&self.account, now, is_revocation, is_bad);
    }

    fn answer<T>(&self, value: T) -> Answer<T> {
        let number = self.ground.next_answer();
        Answer { value, request_id: format!("req-{number}").as_str().into(), http: 200 }
    }
}

#[async_trait]
impl Cloud for Client {
    fn provider(&self) -> Provider {
        self.cloud
    }

    fn batch(&self) -> Batch {
        let groups = match self.cloud {
            Provider::Alibaba => 1,
            Provider::Aws => 5,
        };
        Batch {
            revoke_ids: RULES_IN_A_CALL,
            revoke_permissions: RULES_IN_A_CALL,
            groups,
            rules: groups,
            references: 0,
        }
    }

    async fn identify(&self, _region: &RegionId) -> Result<Answer<Identity>, CloudError> {
        self.well_read().await?;
        let account = self.account.clone();
        Ok(self.answer(Identity { account, arn: "arn:of:somebody".to_owned() }))
    }

    async fn refresh(&self) -> Result<(), CloudError> {
        Ok(())
    }

    async fn groups(
        &self,
        region: &RegionId,
        named: Option<&[GroupId]>,
        _page: Option<&str>,
    ) -> Result<Answer<GroupsPage>, CloudError> {
        self.read().await?;
        let world = self.ground.world();
        let named = named.unwrap_or_default().iter();
        let groups = named.filter_map(|id| world.info(&self.account, region, id)).collect();
        Ok(self.answer(GroupsPage { groups, next: None }))
    }

    async fn rules(
        &self,
        _region: &RegionId,
        groups: &[GroupId],
        page: Option<&str>,
    ) -> Result<Answer<RulesPage>, CloudError> {
        self.read().await?;
        let now = self.ground.time.now();
        let mut rules = Vec::new();
        for id in groups {
            let shown = self.ground.world().shown(id, now);
            rules.extend(shown.into_iter().map(|rule| (id.clone(), rule)));
        }
        // A page begins after the last rule of the one before: by number, a listing that becomes
        // shorter meanwhile would leave out rules that stand.
        rules.sort_by(|(_, x), (_, y)| x.id.cmp(&y.id));
        rules.retain(|(_, rule)| page.is_none_or(|last| rule.id.as_str() > last));
        let is_last = rules.len() <= PAGE;
        rules.truncate(PAGE);
        let next = rules.last().filter(|_| !is_last).map(|(_, rule)| rule.id.to_string());
        Ok(self.answer(RulesPage { rules, seen: Vec::new(), next }))
    }

    async fn references(
        &self,
        _region: &RegionId,
        _groups: &[GroupId],
    ) -> Result<Option<Answer<Vec<Reference>>>, CloudError> {
        Ok(None)
    }

    async fn regions(&self) -> Result<Answer<Vec<RegionId>>, CloudError> {
        Ok(self.answer(Vec::new()))
    }

    fn revoke_parameters(
        &self,
        order: &RevokeOrder<'_>,
    ) -> Result<Vec<(String, String)>, CloudError> {
        let mut parameters = vec![
            ("Account".to_owned(), self.account.to_string()),
            ("RegionId".to_owned(), order.region.to_string()),
            ("GroupId".to_owned(), order.group.to_string()),
            ("Direction".to_owned(), order.direction.to_string()),
        ];
        parameters
            .extend(order.rules.iter().map(|rule| ("RuleId".to_owned(), rule.id.to_string())));
        Ok(parameters)
    }

    async fn revoke(&self, order: &RevokeOrder<'_>) -> Result<Answer<RevokeReply>, CloudError> {
        self.ground.step().await;
        let request = Request {
            account: self.account.clone(),
            group: order.group.clone(),
            rules: order.rules.iter().map(|rule| rule.id.clone()).collect(),
            token: order.token.cloned(),
            hash: request_hash(&self.revoke_parameters(order)?),
        };
        self.meet_trouble(true).await?;
        let sent = self.ground.time.now();
        let (number, fate) = self.ground.world().post(&request, sent);
        if let Some(arrives) = fate.arrives {
            self.ground.until(sent + arrives).await;
        }
        self.ground.step().await;
        self.ground.until(sent + fate.heard).await;
        self.ground.step().await;
        self.ended(true, false);
        match fate.refusal() {
            Some(error) => Err(error),
            None => self.ground.world().take_answer(number).map(|reply| self.answer(reply)),
        }
    }
}
