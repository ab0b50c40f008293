//! One request of a call: the rules it names, its hash and its token.

use super::planted::token_generation;
use super::token::{client_token, request_hash};
use crate::cloud::{Cloud, CloudError, RevokeOrder};
use crate::journal::{CallRecord, Lane};
use crate::model::{ClientToken, Event, Identity, Provider, Rule, RunId};

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
        run: &RunId,
        lane: &Lane,
        call: &CallRecord,
        client: &dyn Cloud,
    ) -> Result<Self, CloudError> {
        let rules = call.members.iter().map(|(_, member)| member.rule.clone()).collect();
        let mut request = Self { rules, hash: String::new(), token: None };
        request.hash = request_hash(&client.revoke_parameters(&request.order(lane, call))?);
        // EC2 takes no token here; there the rule ids make a repeated call harmless.
        request.token = (lane.key.cloud == Provider::Alibaba).then(|| {
            let generation = token_generation(call.status.generation());
            client_token(run, call.id, generation, &request.hash)
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
