//! Client tokens, request hashes and the digest of a plan: derived, never random.

use crate::journal::{CallId, Journal, JournalError, RevocationRecord};
use crate::model::{ClientToken, Digest, GroupIx, GroupRef, Hasher, Rule, RunId};

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

/// The digest of a stored plan: every revocation with every field of its rule. It does not
/// depend on which lane answered first, nor on the order in which a provider lists rules.
pub async fn plan_digest(journal: &dyn Journal, run: &RunId) -> Result<Digest, JournalError> {
    let mut groups = GroupDigests::default();
    let mut after = None;
    loop {
        let page = journal.revocations(run, after, PAGE).await?;
        for record in &page {
            groups.add(record);
        }
        match page.last() {
            Some(last) => after = Some(last.id),
            None => return Ok(groups.finish()),
        }
    }
}

/// One digest a group, and one a rule of the group at hand: its revocations follow each other.
#[derive(Default)]
struct GroupDigests {
    done: Vec<Digest>,
    group: Option<GroupIx>,
    rules: Vec<Digest>,
}

impl GroupDigests {
    fn add(&mut self, record: &RevocationRecord) {
        let group = record.revocation.group;
        if self.group.replace(group) != Some(group) {
            self.close_group();
        }
        let mut hasher = Hasher::new("unpair revocation 1");
        add_group(&mut hasher, &record.group);
        add_group(&mut hasher, &record.peer);
        add_rule(&mut hasher, &record.revocation.rule);
        self.rules.push(hasher.finish());
    }

    fn close_group(&mut self) {
        if !self.rules.is_empty() {
            self.done.push(digest_of("unpair group 1", &mut self.rules));
            self.rules.clear();
        }
    }

    fn finish(mut self) -> Digest {
        self.close_group();
        digest_of("unpair plan 1", &mut self.done)
    }
}

/// The digest of a set: in whatever order its members came.
fn digest_of(purpose: &str, members: &mut [Digest]) -> Digest {
    members.sort_unstable();
    let mut hasher = Hasher::new(purpose);
    for member in members {
        hasher.bytes(&member.0);
    }
    hasher.finish()
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

    #[test]
    fn a_digest_is_that_of_the_set_and_not_of_its_order() {
        let member = |byte| Digest([byte; 32]);
        let digest = |members: &[Digest]| digest_of("test", &mut members.to_vec());
        let (a, b, c) = (member(1), member(2), member(3));
        assert_eq!(digest(&[a, b, c]), digest(&[c, a, b]));
        assert_ne!(digest(&[a, b, c]), digest(&[a, b]));
        assert_ne!(digest(&[a, b]), digest(&[a, b, b]));
    }
}
