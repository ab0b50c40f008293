//! What `benches/functions` measures of this client; no part of the interface.

use std::time::SystemTime;

use aws_credential_types::Credentials;

use super::endpoints::Service;
use super::read;
use super::sign::{self, Signing};
use super::wire::Element;
use crate::model::{GroupId, RegionId};

/// Rules in an answer to `DescribeSecurityGroupRules` for the groups `asked`; `None` if it cannot
/// be read.
pub fn rules(body: &[u8], asked: &[GroupId]) -> Option<usize> {
    let root = Element::parse(body).ok()?;
    read::rules(&root, asked).ok().map(|page| page.rules.len())
}

/// Headers of a signed request with this body.
pub fn signed(key_id: &str, secret: &str, region: &RegionId, body: &[u8]) -> Option<usize> {
    let credentials = Credentials::new(key_id, secret, None, None, "bench");
    let time = SystemTime::UNIX_EPOCH;
    let signing = Signing { credentials: &credentials, service: Service::Ec2, region, time };
    let url = "https://ec2.us-east-1.amazonaws.com/";
    sign::headers(signing, url, body).ok().map(|headers| headers.len())
}
