//! Client tokens, request hashes and the digest of a plan: derived, never random.

use crate::journal::{CallId, Journal, JournalError};
use crate::model::{ClientToken, Digest, GroupRef, Hasher, Rule, RunId};

/// Revocations that the digest reads from the journal at once.
const PAGE: u32 = 1_000;

/// The SHA-256 of a request's parameters, hexadecimal.
pub fn request_hash(parameters: &[(String, String)]) -> String {
    let mut hasher = Hasher::new("unpair request 1");
    for (name, value) in parameters {
        hasher.field(name);
        hasher.field(value);
    }
    hasher.finish().to_string()
}

/// The token of one request: it changes exactly when run, call, generation or parameters do, so
/// a lost journal row loses no token. 62 ASCII characters; both clouds' limit is 64.
pub fn client_token(run: &RunId, call: CallId, generation: u32, request: &str) -> ClientToken {
    let mut hasher = Hasher::new("unpair token 1");
    hasher.field(run.as_str());
    hasher.field(&call.0.to_string());
    hasher.field(&generation.to_string());
    hasher.field(request);
    let digest = hasher.finish().to_string();
    ClientToken::new(format!("u1{}", &digest[..60]))
}

/// The digest of a stored plan: every revocation with every field of its rule.
pub async fn plan_digest(journal: &dyn Journal, run: &RunId) -> Result<Digest, JournalError> {
    let mut hasher = Hasher::new("unpair plan 1");
    let mut after = None;
    loop {
        let page = journal.revocations(run, after, PAGE).await?;
        for record in &page {
            add_group(&mut hasher, &record.group);
            add_group(&mut hasher, &record.peer);
            add_rule(&mut hasher, &record.revocation.rule);
        }
        match page.last() {
            Some(last) => after = Some(last.id),
            None => return Ok(hasher.finish()),
        }
    }
}

fn add_group(hasher: &mut Hasher, group: &GroupRef) {
    hasher.field(group.cloud.as_str());
    hasher.field(group.account.as_str());
    hasher.field(group.region.as_str());
    hasher.field(group.group.as_str());
}

fn add_rule(hasher: &mut Hasher, rule: &Rule) {
    hasher.field(rule.id.as_str());
    hasher.field(rule.direction.as_str());
    hasher.field(rule.protocol.as_str());
    hasher.field(&rule.ports.to_string());
    hasher.field(&rule.source_ports.map(|ports| ports.to_string()).unwrap_or_default());
    hasher.field(&rule.peer.to_string());
    hasher.field(rule.policy.as_str());
    hasher.field(&rule.priority.map(|priority| priority.to_string()).unwrap_or_default());
    hasher.field(rule.nic_type.map_or("", crate::model::NicType::as_str));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_changes_with_each_of_its_parts_and_fits_both_clouds() {
        let run = RunId::new("r1");
        let token =
            |call, generation, request| client_token(&run, CallId(call), generation, request);
        let one = token(1, 1, "a");
        assert_eq!(one, token(1, 1, "a"));
        for other in [token(2, 1, "a"), token(1, 2, "a"), token(1, 1, "b")] {
            assert_ne!(one, other);
        }
        assert!(one.as_str().len() <= 64 && one.as_str().is_ascii());
    }
}
