//! The clouds as a process sees them: every exchange takes time and meets its fate.

use std::sync::Arc;

use async_trait::async_trait;
use unpair::cloud::{
    Batch, CloudError, ErrorClass, GroupInfo, References, RevokeOrder, RevokeReply, RulesPage,
};
use unpair::model::{AccountId, GroupId, Provider, RegionId, RequestId};
use unpair::run::request_hash;
use unpair_testing::fake_cloud::{Accounts, Says};

use crate::ground::Ground;
use crate::trouble::Kind;
use crate::weather::refusal;
use crate::world::Request;

/// Rules in a call: fewer than a group has, so that groups have several calls.
const RULES_IN_A_CALL: usize = 2;

/// The accounts of both clouds.
pub(crate) struct Clouds(pub(crate) Arc<Ground>);

impl Accounts for Clouds {
    type Account = Client;

    fn account(&self, cloud: Provider, account: &AccountId) -> Client {
        Client { ground: Arc::clone(&self.0), cloud, account: account.clone() }
    }

    fn is_ours(&self, account: &AccountId) -> bool {
        !self.0.world().manner.partners.contains(account)
    }
}

/// One account.
pub(crate) struct Client {
    ground: Arc<Ground>,
    cloud: Provider,
    account: AccountId,
}

impl Client {
    /// Takes the time of an exchange that changes nothing, and its fate.
    async fn read(&self, kind: Kind) -> Result<(), CloudError> {
        self.meet_trouble(kind).await?;
        self.ground.alive().await;
        let (asked, fate) = (self.ground.time.now(), self.ground.world().ask());
        self.ground.until(asked + fate.heard).await;
        self.ground.alive().await;
        self.ended(kind, false);
        fate.refusal().map_or(Ok(()), Err)
    }

    /// Fails if the account has gone bad, once it has taken the time.
    async fn meet_trouble(&self, kind: Kind) -> Result<(), CloudError> {
        let trouble = self.ground.world().trouble(&self.account, kind);
        let Some((after, error)) = trouble else { return Ok(()) };
        self.ground.until(self.ground.time.now() + after).await;
        self.ended(kind, true);
        Err(error)
    }

    fn ended(&self, kind: Kind, is_bad: bool) {
        let now = self.ground.time.now();
        self.ground.world().exchanged(&self.account, kind, now, is_bad);
    }

    /// Whom the cloud takes the caller for: the credentials may be those of another account.
    fn taken_for(&self) -> AccountId {
        let now = self.ground.time.now();
        self.ground.world().taken_for(&self.account, now)
    }
}

#[async_trait]
impl Says for Client {
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
            references: if self.cloud == Provider::Alibaba { 10 } else { 0 },
        }
    }

    fn request_id(&self) -> RequestId {
        self.ground.world().request_id()
    }

    async fn whoami(&self) -> Result<AccountId, CloudError> {
        self.read(Kind::Identity).await?;
        Ok(self.taken_for())
    }

    async fn infos(
        &self,
        region: &RegionId,
        named: &[GroupId],
    ) -> Result<Vec<GroupInfo>, CloudError> {
        self.read(Kind::Read).await?;
        let account = self.taken_for();
        let now = self.ground.time.now();
        let mut world = self.ground.world();
        let of_it = format!("groups {}", self.account);
        if let Some(earlier) = world.earlier_groups(&of_it) {
            return Ok(earlier);
        }
        let there = named.iter().filter_map(|id| world.info(&account, region, id)).collect();
        Ok(world.tell_groups(of_it, there, now))
    }

    async fn referenced(&self, groups: &[GroupId]) -> Result<Option<References>, CloudError> {
        if self.cloud == Provider::Aws {
            return Ok(None);
        }
        self.read(Kind::Read).await?;
        Ok(Some(self.ground.world().references(groups)))
    }

    async fn listed(
        &self,
        groups: &[GroupId],
        page: Option<&str>,
    ) -> Result<RulesPage, CloudError> {
        self.read(Kind::Rules).await?;
        if self.taken_for() != self.account {
            return match self.cloud {
                // A filter that fits nothing.
                Provider::Aws => Ok(RulesPage::default()),
                Provider::Alibaba => Err(refusal(ErrorClass::GroupMissing)),
            };
        }
        let now = self.ground.time.now();
        let mut world = self.ground.world();
        let of_it = format!("rules {}", self.account);
        if let Some(earlier) = world.earlier_rules(&of_it) {
            return Ok(earlier);
        }
        let listed = world.list(groups, page, now);
        Ok(world.tell_rules(of_it, listed, page))
    }

    fn parameters(&self, order: &RevokeOrder<'_>) -> Vec<(String, String)> {
        let mut parameters = vec![
            ("Account".to_owned(), self.account.to_string()),
            ("RegionId".to_owned(), order.region.to_string()),
            ("GroupId".to_owned(), order.group.to_string()),
            ("Direction".to_owned(), order.direction.to_string()),
        ];
        parameters
            .extend(order.rules.iter().map(|rule| ("RuleId".to_owned(), rule.id.to_string())));
        parameters
    }

    async fn revoked(&self, order: &RevokeOrder<'_>) -> Result<RevokeReply, CloudError> {
        self.ground.step().await;
        let request = Request {
            account: self.account.clone(),
            group: order.group.clone(),
            rules: order.rules.iter().map(|rule| rule.id.clone()).collect(),
            token: order.token.cloned(),
            hash: request_hash(&self.parameters(order)),
        };
        self.meet_trouble(Kind::Revocation).await?;
        if self.taken_for() != self.account {
            return Err(refusal(ErrorClass::GroupMissing));
        }
        let sent = self.ground.time.now();
        if self.ground.world().refuses() {
            return Err(refusal(ErrorClass::Refused));
        }
        let (number, fate) = self.ground.world().post(&request, sent);
        if let Some(arrives) = fate.arrives {
            self.ground.until(sent + arrives).await;
        }
        self.ground.step().await;
        self.ground.until(sent + fate.heard).await;
        self.ground.step().await;
        self.ended(Kind::Revocation, false);
        match fate.refusal() {
            Some(error) => Err(error),
            None => self.ground.world().take_answer(number),
        }
    }
}
