//! A cloud in memory: what each fake account has to answer, and what is the same for all of them.

use std::sync::Arc;

use async_trait::async_trait;
use unpair::cloud::{
    Answer, Batch, Cloud, CloudError, Directory, ErrorClass, GroupInfo, GroupsPage, References,
    RevokeOrder, RevokeReply, RulesPage,
};
use unpair::model::{AccountId, GroupId, Identity, Provider, RegionId, RequestId};

/// One account of a cloud, and what it answers.
#[async_trait]
pub trait FakeAccount: Send + Sync + Sized + 'static {
    /// Which cloud it is of.
    fn provider(&self) -> Provider;

    /// How much fits into a call.
    fn batch(&self) -> Batch;

    /// The name of the exchange that is answered now.
    fn request_id(&self) -> RequestId;

    /// The account that the credentials are of.
    async fn whoami(&self) -> Result<AccountId, CloudError>;

    /// Gets fresh credentials.
    fn fresh(&self) {}

    /// Those of `named` that are there.
    async fn infos(
        &self,
        region: &RegionId,
        named: &[GroupId],
    ) -> Result<Vec<GroupInfo>, CloudError>;

    /// Which groups name `groups`; nothing where the cloud does not tell.
    async fn referenced(&self, _groups: &[GroupId]) -> Result<Option<References>, CloudError> {
        Ok(None)
    }

    /// A page of rules.
    async fn listed(&self, groups: &[GroupId], page: Option<&str>)
    -> Result<RulesPage, CloudError>;

    /// What a revocation sends.
    fn parameters(&self, order: &RevokeOrder<'_>) -> Vec<(String, String)>;

    /// Carries a revocation out.
    async fn revoked(&self, order: &RevokeOrder<'_>) -> Result<RevokeReply, CloudError>;
}

/// What the listing of groups says of one that is there.
pub fn info(id: &GroupId, owner: Option<&AccountId>) -> GroupInfo {
    GroupInfo {
        id: id.clone(),
        owner: owner.cloned(),
        name: String::new(),
        vpc: String::new(),
        service_managed: false,
        names: None,
    }
}

/// The client of a fake account.
struct Client<T>(T);

impl<T: FakeAccount> Client<T> {
    fn answer<V>(&self, value: V) -> Answer<V> {
        Answer { value, request_id: self.0.request_id(), http: 200 }
    }
}

/// The accounts of a cloud.
pub trait FakeAccounts: Send + Sync {
    /// What an account is.
    type Account: FakeAccount;

    /// The account by its id.
    fn account(&self, cloud: Provider, account: &AccountId) -> Self::Account;

    /// Whether configuration has credentials of the account.
    fn is_ours(&self, _account: &AccountId) -> bool {
        true
    }
}

/// The directory of all fake accounts.
pub struct FakeDirectory<A>(pub A);

#[async_trait]
impl<A: FakeAccounts> Directory for FakeDirectory<A> {
    async fn client(
        &self,
        cloud: Provider,
        account: &AccountId,
        _region: Option<&RegionId>,
    ) -> Result<Arc<dyn Cloud>, CloudError> {
        if !self.0.is_ours(account) {
            let message = "configuration says credentials = \"none\"";
            return Err(CloudError::local(ErrorClass::NotOurs, "not_ours", message));
        }
        Ok(Arc::new(Client(self.0.account(cloud, account))))
    }
}

#[async_trait]
impl<T: FakeAccount> Cloud for Client<T> {
    fn provider(&self) -> Provider {
        self.0.provider()
    }

    fn batch(&self) -> Batch {
        self.0.batch()
    }

    async fn identify(&self, _region: &RegionId) -> Result<Answer<Identity>, CloudError> {
        let account = self.0.whoami().await?;
        Ok(self.answer(Identity { account, arn: "arn:of:somebody".to_owned() }))
    }

    async fn refresh(&self) -> Result<(), CloudError> {
        self.0.fresh();
        Ok(())
    }

    async fn groups(
        &self,
        region: &RegionId,
        named: Option<&[GroupId]>,
        _page: Option<&str>,
    ) -> Result<Answer<GroupsPage>, CloudError> {
        let groups = self.0.infos(region, named.unwrap_or_default()).await?;
        Ok(self.answer(GroupsPage { groups, next: None }))
    }

    async fn rules(
        &self,
        _region: &RegionId,
        groups: &[GroupId],
        page: Option<&str>,
    ) -> Result<Answer<RulesPage>, CloudError> {
        Ok(self.answer(self.0.listed(groups, page).await?))
    }

    async fn references(
        &self,
        _region: &RegionId,
        groups: &[GroupId],
    ) -> Result<Option<Answer<References>>, CloudError> {
        let told = self.0.referenced(groups).await?;
        Ok(told.map(|references| self.answer(references)))
    }

    async fn regions(&self) -> Result<Answer<Vec<RegionId>>, CloudError> {
        Ok(self.answer(Vec::new()))
    }

    fn revoke_parameters(
        &self,
        order: &RevokeOrder<'_>,
    ) -> Result<Vec<(String, String)>, CloudError> {
        Ok(self.0.parameters(order))
    }

    async fn revoke(&self, order: &RevokeOrder<'_>) -> Result<Answer<RevokeReply>, CloudError> {
        Ok(self.answer(self.0.revoked(order).await?))
    }
}
