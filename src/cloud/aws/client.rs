//! The EC2 client of one account.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use aws_credential_types::Credentials;

use super::credentials::Identities;
use super::endpoints::Service;
use super::exchange::Exchange;
use super::read::{self, Unreadable};
use super::request::{self, Query};
use super::wire::Element;
use crate::cloud::proof::Proof;
use crate::cloud::{
    Answer, Batch, Cloud, CloudError, ErrorClass, GroupsPage, MAX_READ_BODY, MAX_WRITE_BODY,
    References, RevokeOrder, RevokeReply, RulesPage,
};
use crate::model::{AccountId, CallForm, GroupId, Identity, Peer, Provider, RegionId, Rule};

/// An EC2 client that acts as one account.
pub struct AwsClient {
    exchange: Exchange,
    identities: Arc<dyn Identities>,
    proof: Proof<Credentials>,
    home: RegionId,
}

impl AwsClient {
    /// A client of `account` whose requests are signed by `identities`; `home` is where the
    /// account's own questions, such as which regions it has, are asked.
    pub(super) fn new(
        exchange: Exchange,
        identities: Arc<dyn Identities>,
        account: &AccountId,
        home: RegionId,
    ) -> Self {
        Self { exchange, identities, proof: Proof::of(account), home }
    }

    /// Revokes one ingress rule of a group of the default VPC that is given by its name, in the
    /// flat parameters of the action's first manual (API version 2011-12-15). The rule's peer must
    /// be an IPv4 range, otherwise [`ErrorClass::Config`].
    pub async fn revoke_named(
        &self,
        region: &RegionId,
        name: &str,
        rule: &Rule,
    ) -> Result<Answer<RevokeReply>, CloudError> {
        let query = request::revoke_named(name, rule)?;
        self.ask(Call { query, region, max_body: MAX_WRITE_BODY }, read::revoked).await
    }

    /// One signed EC2 exchange, and what `read` makes of its answer.
    async fn ask<T>(
        &self,
        call: Call<'_>,
        read: impl FnOnce(&Element<'_>) -> Result<T, Unreadable> + Send,
    ) -> Result<Answer<T>, CloudError> {
        let credentials = self.proven(call.region).await?;
        self.send(Service::Ec2, &credentials, call, read).await
    }

    async fn send<T>(
        &self,
        service: Service,
        credentials: &Credentials,
        call: Call<'_>,
        read: impl FnOnce(&Element<'_>) -> Result<T, Unreadable> + Send,
    ) -> Result<Answer<T>, CloudError> {
        let Call { query, region, max_body } = call;
        self.exchange.send(service, region, credentials, &query, max_body, read).await
    }

    /// The credentials to use now, whose they are being proven. A fixed key is whose it was.
    async fn proven(&self, region: &RegionId) -> Result<Credentials, CloudError> {
        let credentials = self.identities.credentials(SystemTime::now()).await?;
        if self.identities.is_fixed() {
            return Ok(credentials);
        }
        let asked = credentials.clone();
        self.proof.prove(credentials, self.who(&asked, region)).await
    }

    async fn who(
        &self,
        credentials: &Credentials,
        region: &RegionId,
    ) -> Result<Answer<Identity>, CloudError> {
        let call = Call { query: request::identify(), region, max_body: MAX_WRITE_BODY };
        self.send(Service::Sts, credentials, call, read::identity).await
    }
}

/// What is asked, where, and how long the answer may be.
struct Call<'a> {
    query: Query,
    region: &'a RegionId,
    max_body: usize,
}

#[async_trait]
impl Cloud for AwsClient {
    fn provider(&self) -> Provider {
        Provider::Aws
    }

    fn batch(&self) -> Batch {
        Provider::Aws.facts().batch
    }

    fn time(&self, region: &RegionId) -> Option<SystemTime> {
        let Exchange { http, endpoints } = &self.exchange;
        http.time_of(&endpoints.place(Service::Ec2, region).ok()?.url)
    }

    async fn ready(&self, region: &RegionId) -> Result<(), CloudError> {
        self.proven(region).await.map(drop)
    }

    async fn identify(&self, region: &RegionId) -> Result<Answer<Identity>, CloudError> {
        let credentials = self.identities.credentials(SystemTime::now()).await?;
        let answer = self.who(&credentials, region).await?;
        // Another account's stay unproven; whoever asked sees whose they are.
        let _ = self.proof.judge(&credentials, &answer.value);
        Ok(answer)
    }

    async fn refresh(&self) -> Result<(), CloudError> {
        self.identities.forget().await;
        Ok(())
    }

    async fn groups(
        &self,
        region: &RegionId,
        named: Option<&[GroupId]>,
        page: Option<&str>,
    ) -> Result<Answer<GroupsPage>, CloudError> {
        if let Some(named) = named {
            not_empty(named)?;
        }
        let query = request::groups(named, page);
        let call = Call { query, region, max_body: MAX_READ_BODY };
        self.ask(call, |root| read::groups(root, named)).await
    }

    async fn rules(
        &self,
        region: &RegionId,
        groups: &[GroupId],
        page: Option<&str>,
    ) -> Result<Answer<RulesPage>, CloudError> {
        not_empty(groups)?;
        let query = request::rules(groups, page);
        let call = Call { query, region, max_body: MAX_READ_BODY };
        self.ask(call, |root| read::rules(root, groups)).await
    }

    /// Nothing: `DescribeSecurityGroupReferences` names VPCs, neither groups nor accounts.
    async fn references(
        &self,
        _region: &RegionId,
        _groups: &[GroupId],
    ) -> Result<Option<Answer<References>>, CloudError> {
        Ok(None)
    }

    async fn regions(&self) -> Result<Answer<Vec<RegionId>>, CloudError> {
        let call = Call { query: request::regions(), region: &self.home, max_body: MAX_READ_BODY };
        self.ask(call, read::regions).await
    }

    fn revoke_parameters(
        &self,
        order: &RevokeOrder<'_>,
    ) -> Result<Vec<(String, String)>, CloudError> {
        request::revoke(order).map(Query::into_parameters)
    }

    async fn revoke(&self, order: &RevokeOrder<'_>) -> Result<Answer<RevokeReply>, CloudError> {
        let query = request::revoke(order)?;
        let call = Call { query, region: order.region, max_body: MAX_WRITE_BODY };
        // Those that `ready` found: once a call was decided on, nothing is waited for.
        let credentials = match self.proof.last() {
            Some(proven) => proven,
            None => self.proven(order.region).await?,
        };
        let answer = self.send(Service::Ec2, &credentials, call, read::revoked).await;
        answer.map_err(|error| which_group(error, order))
    }
}

/// A filter without values would be left out, and everything be listed.
fn not_empty(groups: &[GroupId]) -> Result<(), CloudError> {
    if groups.is_empty() {
        return Err(CloudError::config("unsupported", "no group is named"));
    }
    Ok(())
}

/// EC2 has one code for a missing group, be it the call's own or one that a permission names.
/// Where a permission names one, only reading the call's own group tells.
fn which_group(error: CloudError, order: &RevokeOrder<'_>) -> CloudError {
    let names_groups = order.form == CallForm::Permissions
        && order.rules.iter().any(|rule| matches!(rule.peer, Peer::Group { .. }));
    match error.class {
        ErrorClass::GroupMissing if names_groups => {
            CloudError { class: ErrorClass::PeerMissing, ..error }
        }
        _ => error,
    }
}
