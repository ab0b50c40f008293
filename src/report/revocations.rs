//! The revocations of a run, page by page, and what every format says of one.

use serde::Serialize;

use crate::journal::{JournalError, JournalRead, Lane, RevocationRecord, RunRecord};
use crate::model::{Fields, GroupRef, Outcome, PortRange, RevocationId, RowText, Side};

use super::by_rows::ByRows;
use super::text::rfc3339;

/// Revocations asked of the journal at a time.
const PAGE: u32 = 1000;

/// A walk over every revocation of a run, [`PAGE`] at a time, in order: lane by lane those that are
/// stored, then those that follow from rows and are not stored yet.
pub(super) struct Revocations<'a> {
    journal: &'a dyn JournalRead,
    run: &'a RunRecord,
    /// The lanes that are left; absent before the first page.
    lanes: Option<std::vec::IntoIter<Lane>>,
    lane: Option<Lane>,
    /// The groups of the lane whose revocations are stored.
    stored: Option<Lane>,
    after: Option<RevocationId>,
    by_rows: ByRows,
}

impl<'a> Revocations<'a> {
    /// Starts before the first.
    pub(super) fn new(journal: &'a dyn JournalRead, run: &'a RunRecord) -> Self {
        let by_rows = ByRows::default();
        Self { journal, run, lanes: None, lane: None, stored: None, after: None, by_rows }
    }

    /// The next page, never empty; `None` at the end. What is pending has the reason why it was not
    /// sent.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<RevocationRecord>>, JournalError> {
        let id = &self.run.new.id;
        if self.lanes.is_none() {
            let lanes = self.journal.lanes(id).await?;
            self.by_rows = ByRows::open(self.journal, id).await?;
            self.lanes = Some(lanes.into_iter());
        }
        loop {
            let (Some(lane), Some(stored)) = (&self.lane, &self.stored) else {
                self.lane = self.lanes.as_mut().and_then(Iterator::next);
                self.stored = self.lane.as_ref().map(|lane| self.by_rows.stored_part(lane));
                self.after = None;
                if self.lane.is_none() {
                    return Ok(None);
                }
                continue;
            };
            let mut page = self.journal.revocations(id, stored, self.after, PAGE).await?;
            self.after = page.last().map(|record| record.id).or(self.after);
            if page.is_empty() {
                page = self.by_rows.next(self.journal, self.run, lane).await?;
            }
            if page.is_empty() {
                self.lane = None;
                continue;
            }
            for record in &mut page {
                if record.outcome == Outcome::Pending && record.reason.is_none() {
                    record.reason = self.run.why_unsent(&record.group.lane()).map(str::to_owned);
                }
            }
            return Ok(Some(page));
        }
    }

    /// Passes over what follows from rows and is not stored: of how many groups that is.
    pub(super) fn pass_over_unstored(&mut self) -> u64 {
        self.by_rows.pass_over()
    }
}

/// One revocation as JSON and CSV tell it; the names of the fields are the keys and columns.
#[derive(Debug, Serialize)]
pub(super) struct RevocationRow<'a> {
    pub(super) revocation: u64,
    /// Both ends as `account/group`, the smaller group first.
    pub(super) pair: String,
    /// The manifest row's.
    #[serde(flatten)]
    pub(super) note: &'a RowText,
    /// `FILE:LINE` of the manifest row.
    pub(super) row: String,
    /// Which end of the pair `group` is.
    pub(super) side: Side,
    pub(super) cloud: &'static str,
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) group: &'a str,
    pub(super) peer_account: &'a str,
    pub(super) peer_group: &'a str,
    pub(super) direction: &'static str,
    /// Empty for a rule that was not read (`--no-audit`).
    pub(super) rule_id: &'a str,
    pub(super) ip_protocol: &'a str,
    pub(super) port_range: String,
    pub(super) source_port_range: Option<PortRange>,
    pub(super) nic_type: Option<&'static str>,
    pub(super) policy: &'a str,
    pub(super) priority: Option<u16>,
    pub(super) description: &'a str,
    /// Every field by the provider's name.
    pub(super) fields: &'a Fields,
    pub(super) outcome: &'static str,
    pub(super) reply_lost: bool,
    pub(super) reason: Option<&'a str>,
    /// Absent while it follows from its row alone and is not stored.
    pub(super) call: Option<u64>,
    pub(super) attempts: u32,
    pub(super) request_ids: Vec<&'a str>,
    pub(super) client_tokens: Vec<&'a str>,
    /// RFC 3339.
    pub(super) first_sent: Option<String>,
    /// RFC 3339.
    pub(super) settled: Option<String>,
}

impl<'a> RevocationRow<'a> {
    /// What is told of `record`; `row` is `FILE:LINE`.
    pub(super) fn new(record: &'a RevocationRecord, row: String) -> Self {
        let rule = &record.revocation.rule;
        Self {
            revocation: record.id.0,
            pair: pair_of(record),
            note: &record.note,
            row,
            side: side_of(record),
            cloud: record.group.cloud.as_str(),
            account: record.group.account.as_str(),
            region: record.group.region.as_str(),
            group: record.group.group.as_str(),
            peer_account: record.peer.account.as_str(),
            peer_group: record.peer.group.as_str(),
            direction: rule.direction.as_str(),
            rule_id: rule.id.as_str(),
            ip_protocol: rule.protocol.as_str(),
            port_range: rule.ports_shown(),
            source_port_range: rule.source_ports,
            nic_type: rule.nic_type.map(crate::model::NicType::as_str),
            policy: rule.policy_shown(),
            priority: rule.priority,
            description: &rule.description,
            fields: &rule.fields,
            outcome: record.outcome.as_str(),
            reply_lost: record.reply_lost,
            reason: record.reason.as_deref(),
            call: record.call.map(|call| call.0),
            attempts: record.attempts,
            request_ids: record.request_ids.iter().map(crate::model::RequestId::as_str).collect(),
            client_tokens: record.tokens.iter().map(crate::model::ClientToken::as_str).collect(),
            first_sent: record.first_sent_ms.map(rfc3339),
            settled: record.settled_ms.map(rfc3339),
        }
    }
}

fn side_of(record: &RevocationRecord) -> Side {
    if record.revocation.group < record.revocation.peer { Side::A } else { Side::B }
}

fn pair_of(record: &RevocationRecord) -> String {
    let name = |group: &GroupRef| format!("{}/{}", group.account, group.group);
    let (own, peer) = (name(&record.group), name(&record.peer));
    match side_of(record) {
        Side::A => format!("{own} {peer}"),
        Side::B => format!("{peer} {own}"),
    }
}

/// A rule in one line: `sgr-1 ingress accept tcp 22/22 priority 1`.
pub(super) fn rule_line(record: &RevocationRecord) -> String {
    format!("{} {}", rule_name(record), rule_text(record))
}

/// The id of a rule, or how it is named instead.
pub(super) fn rule_name(record: &RevocationRecord) -> &str {
    match record.revocation.rule.id.as_str() {
        "" => "(by value)",
        id => id,
    }
}

/// What a rule lets through: `ingress accept tcp 22/22 priority 1`.
pub(super) fn rule_text(record: &RevocationRecord) -> String {
    let rule = &record.revocation.rule;
    let mut words = vec![rule.direction.to_string(), rule.policy_shown().to_owned()];
    words.push(rule.protocol.to_string());
    words.push(rule.ports_shown());
    words.extend(
        rule.source_ports
            .filter(|ports| *ports != PortRange::ALL)
            .map(|ports| format!("from ports {ports}")),
    );
    words.extend(rule.priority.map(|priority| format!("priority {priority}")));
    words.join(" ")
}
