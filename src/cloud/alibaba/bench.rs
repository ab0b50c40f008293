//! What `benches/functions` measures of this client; no part of the interface.

use super::node::Node;
use super::sign::{Unsigned, authorization, payload_hash};
use super::wire;
use crate::model::{GroupId, RegionId};

/// Rules in an answer to `DescribeSecurityGroupAttribute`; `None` if it cannot be read.
pub fn rules(body: &[u8], region: &RegionId, group: &GroupId) -> Option<usize> {
    let node = Node::parse(body).ok()?;
    wire::rules(&node, region, group, None).ok().map(|page| page.rules.len())
}

/// The `authorization` header of a request with these parameters and headers.
pub fn signed(
    key_id: &str,
    secret: &str,
    query: &[(String, String)],
    headers: &[(String, String)],
) -> String {
    let payload_hash = payload_hash(b"");
    let request = Unsigned { method: "POST", query, headers, payload_hash: &payload_hash };
    authorization(&request, key_id, secret)
}
