//! One request of a call: the rules it names, its hash and its token.

use super::CarryOut;
use super::planted::token_generation;
use super::token::{client_token, request_hash};
use crate::cloud::{Cloud, CloudError, RevokeOrder};
use crate::journal::{CallRecord, Lane};
use crate::model::{ClientToken, Event, Identity, Rule};

/// What a call sends in its present generation.
pub(super) struct Request {
    rules: Vec<Rule>,
    hash: String,
    /// The client token, where the provider takes one.
    pub(super) token: Option<ClientToken>,
}

impl Request {
    /// The request of `call`, the same each time it is sent. Fails where the provider has no such
    /// form.
    pub(super) fn new(
        work: &CarryOut<'_>,
        lane: &Lane,
        call: &CallRecord,
        client: &dyn Cloud,
    ) -> Result<Self, CloudError> {
        let rules = call.members.iter().map(|(_, member)| member.rule.clone()).collect();
        let mut request = Self { rules, hash: String::new(), token: None };
        request.hash =
            request_hash(&work.operation.parameters(client, &request.order(lane, call))?);
        let takes_token = lane.key.cloud.facts().takes_token;
        request.token = takes_token.then(|| {
            client_token(&work.run.new.id, call.id, token_generation(call.status), &request.hash)
        });
        Ok(request)
    }

    /// What is sent.
    pub(super) fn order<'a>(&'a self, lane: &'a Lane, call: &'a CallRecord) -> RevokeOrder<'a> {
        RevokeOrder {
            region: &lane.key.region,
            group: &call.group_id,
            direction: call.direction,
            form: call.form,
            rules: &self.rules,
            token: self.token.as_ref(),
        }
    }

    /// What is journalled before it is sent.
    pub(super) fn intent(&self, identity: &Identity) -> Event {
        Event::Started {
            token: self.token.clone(),
            request: self.hash.clone(),
            identity: identity.clone(),
        }
    }
}
