//! The clouds as a process sees them: every exchange takes time and may go wrong.

use std::sync::Arc;

use async_trait::async_trait;
use unpair::cloud::{
    Batch, CloudError, ErrorClass, GroupInfo, References, RevokeOrder, RevokeReply, RulesPage,
};
use unpair::model::{AccountId, GroupId, Provider, RegionId, RequestId};
use unpair::run::request_hash;
use unpair_testing::fake_cloud::{FakeAccount, FakeAccounts};

use crate::clouds::Request;
use crate::failing_account::Kind;
use crate::fault_rates::refusal;
use crate::host::Host;

/// Rules in a call: fewer than a group has, so that groups have several calls.
const RULES_IN_A_CALL: usize = 2;

/// The accounts of both clouds.
pub(crate) struct SimulatedAccounts(pub(crate) Arc<Host>);

impl FakeAccounts for SimulatedAccounts {
    type Account = Client;

    fn account(&self, cloud: Provider, account: &AccountId) -> Client {
        Client { host: Arc::clone(&self.0), cloud, account: account.clone() }
    }

    fn is_ours(&self, account: &AccountId) -> bool {
        !self.0.clouds().manner.partners.contains(account)
    }
}

/// One account.
pub(crate) struct Client {
    host: Arc<Host>,
    cloud: Provider,
    account: AccountId,
}

impl Client {
    /// Takes the time of an exchange that changes nothing, and fails if it is drawn to.
    async fn read(&self, kind: Kind) -> Result<(), CloudError> {
        self.meet_trouble(kind).await?;
        self.host.alive().await;
        let (asked, delivery) = (self.host.time.now(), self.host.clouds().ask());
        self.host.until(asked + delivery.heard).await;
        self.host.alive().await;
        self.ended(kind, false);
        delivery.refusal().map_or(Ok(()), Err)
    }

    /// Fails if the account has gone bad, once it has taken the time.
    async fn meet_trouble(&self, kind: Kind) -> Result<(), CloudError> {
        let fault = self.host.clouds().fault(&self.account, kind);
        let Some((after, error)) = fault else { return Ok(()) };
        self.host.until(self.host.time.now() + after).await;
        self.ended(kind, true);
        Err(error)
    }

    fn ended(&self, kind: Kind, is_bad: bool) {
        let now = self.host.time.now();
        self.host.clouds().exchanged(&self.account, kind, now, is_bad);
    }

    /// Whom the cloud takes the caller for: the credentials may be those of another account.
    fn taken_for(&self) -> AccountId {
        let now = self.host.time.now();
        self.host.clouds().taken_for(&self.account, now)
    }
}

#[async_trait]
impl FakeAccount for Client {
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
        self.host.clouds().request_id()
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
        let now = self.host.time.now();
        let mut clouds = self.host.clouds();
        let of_it = format!("groups {}", self.account);
        if let Some(earlier) = clouds.earlier_groups(&of_it) {
            return Ok(earlier);
        }
        let there = named.iter().filter_map(|id| clouds.info(&account, region, id)).collect();
        Ok(clouds.tell_groups(of_it, there, now))
    }

    async fn referenced(&self, groups: &[GroupId]) -> Result<Option<References>, CloudError> {
        if self.cloud == Provider::Aws {
            return Ok(None);
        }
        self.read(Kind::Read).await?;
        Ok(Some(self.host.clouds().references(groups)))
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
        let now = self.host.time.now();
        let mut clouds = self.host.clouds();
        let of_it = format!("rules {}", self.account);
        if let Some(earlier) = clouds.earlier_rules(&of_it) {
            return Ok(earlier);
        }
        let listed = clouds.list(groups, page, now);
        Ok(clouds.tell_rules(of_it, listed, page))
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
        self.host.step().await;
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
        let sent = self.host.time.now();
        if self.host.clouds().refuses() {
            return Err(refusal(ErrorClass::Refused));
        }
        let (number, delivery) = self.host.clouds().post(&request, sent);
        if let Some(arrives) = delivery.arrives {
            self.host.until(sent + arrives).await;
        }
        self.host.step().await;
        self.host.until(sent + delivery.heard).await;
        self.host.step().await;
        self.ended(Kind::Revocation, false);
        match delivery.refusal() {
            Some(error) => Err(error),
            None => self.host.clouds().take_answer(number),
        }
    }
}
