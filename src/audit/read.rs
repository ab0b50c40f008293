//! Complete reads of groups: all pages, the group itself proven, the owner checked.

use std::collections::HashMap;

use futures_util::{FutureExt as _, StreamExt as _};

use super::listing::{LISTING_CHANGED, Listing, MAX_PAGES, MAX_RESTARTS, RuleList, Turn};
use super::proof::{RulesRead, conclude, contradiction, failed as unread};
use crate::cloud::{Action, Cloud, CloudError, GroupInfo};
use crate::exchange::{Account, Exchange, ReadError};
use crate::failpoint::{Bug, planted};
use crate::journal::Reading;
use crate::model::{ErrorClass, GroupId, LaneKey, RequestId, Rule};

/// One group as read.
#[derive(Clone, Debug)]
pub struct GroupRead {
    /// The group.
    pub group: GroupId,
    /// When the read began.
    pub at_ms: i64,
    /// The provider's names of the exchanges.
    pub request_ids: Vec<RequestId>,
    /// What was read.
    pub reading: Reading,
}

/// Looks once at `groups` of one lane, in order: that one is missing is proof only when a second
/// look, one delay later, does not find it either. `Err` only when told to stop: whatever else fails is a
/// [`Reading::Failed`].
pub async fn read_groups(
    exchange: &Exchange,
    lane: &LaneKey,
    account: &Account,
    groups: &[GroupId],
) -> Result<Vec<GroupRead>, ReadError> {
    let reader = Reader { exchange, lane, account, at_ms: exchange.clock.now_ms() };
    let (mut found, mut absent) = (HashMap::new(), HashMap::new());
    let mut failed = HashMap::new();
    let unproven = planted(Bug::NoPositiveControl);
    if unproven {
        found.extend(groups.iter().map(|group| (group.clone(), (unseen(group), Vec::new()))));
    }
    for chunk in groups.chunks(account.client.batch().groups.max(1)).filter(|_| !unproven) {
        match reader.infos(chunk).await {
            Ok((infos, ids)) => {
                for info in infos {
                    let id = info.id.clone();
                    let earlier = found.insert(id.clone(), (info.clone(), ids.clone()));
                    if earlier.is_some_and(|(earlier, _)| earlier != info) {
                        failed.insert(id, contradiction("it is listed twice, each time otherwise"));
                    }
                }
                let is_absent = |group: &&GroupId| !found.contains_key(*group);
                absent.extend(chunk.iter().filter(is_absent).map(|g| (g.clone(), ids.clone())));
            }
            Err(ReadError::Stopped) => return Err(ReadError::Stopped),
            Err(ReadError::Cloud(error)) => {
                failed.extend(chunk.iter().map(|group| (group.clone(), error.clone())));
            }
        }
    }
    let present: Vec<GroupId> =
        groups.iter().filter(|group| found.contains_key(*group)).cloned().collect();
    let mut rules = reader.all_rules(&present).await?;
    let mut reads: Vec<GroupRead> = groups
        .iter()
        .map(|group| {
            let info = match failed.remove(group) {
                Some(error) => Err(error),
                None => Ok(match found.remove(group) {
                    Some((info, ids)) => (Some(info), ids),
                    None => (None, absent.remove(group).unwrap_or_default()),
                }),
            };
            let account = &reader.account.identity.account;
            let (reading, request_ids) = conclude(account, info, rules.remove(group));
            GroupRead { group: group.clone(), at_ms: reader.at_ms, request_ids, reading }
        })
        .collect();
    reader.prove_missing(&mut reads).await?;
    Ok(reads)
}

/// A group that nobody looked at, for [`Bug::NoPositiveControl`].
fn unseen(group: &GroupId) -> GroupInfo {
    GroupInfo {
        id: group.clone(),
        owner: None,
        name: String::new(),
        vpc: String::new(),
        service_managed: false,
        names: None,
    }
}

struct Reader<'a> {
    exchange: &'a Exchange,
    lane: &'a LaneKey,
    account: &'a Account,
    at_ms: i64,
}

impl Reader<'_> {
    fn client(&self) -> &dyn Cloud {
        &*self.account.client
    }

    /// The groups of `chunk` that exist. A provider that refuses the whole listing for one
    /// missing group is asked again by halves.
    async fn infos(
        &self,
        chunk: &[GroupId],
    ) -> Result<(Vec<GroupInfo>, Vec<RequestId>), ReadError> {
        let mut todo = vec![chunk];
        let (mut infos, mut ids) = (Vec::new(), Vec::new());
        while let Some(chunk) = todo.pop() {
            match self.info_pages(chunk, &mut ids).await {
                Ok(found) => infos.extend(found),
                Err(ReadError::Cloud(error)) if error.class == ErrorClass::GroupMissing => {
                    ids.extend(error.request_id);
                    if chunk.len() > 1 {
                        let (left, right) = chunk.split_at(chunk.len() / 2);
                        todo.extend([right, left]);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok((infos, ids))
    }

    async fn info_pages(
        &self,
        chunk: &[GroupId],
        ids: &mut Vec<RequestId>,
    ) -> Result<Vec<GroupInfo>, ReadError> {
        let mut listing = Listing::default();
        let mut infos = Vec::new();
        loop {
            let page = listing.page.clone();
            let answer = self
                .exchange
                .read(self.lane, Action::Groups, self.client(), || {
                    self.client().groups(&self.lane.region, Some(chunk), page.as_deref())
                })
                .await;
            match listing.turn(answer.map(|answer| {
                ids.push(answer.request_id);
                infos.extend(answer.value.groups);
                answer.value.next
            }))? {
                Turn::Next => {}
                Turn::Restart => infos.clear(),
                Turn::End => return Ok(infos),
            }
        }
    }

    /// The rules of every group of `groups`, in as few calls as the provider allows.
    async fn all_rules(
        &self,
        groups: &[GroupId],
    ) -> Result<HashMap<GroupId, RulesRead>, ReadError> {
        let batch = self.client().batch().rules.max(1);
        let width = self.exchange.pacer.width(self.lane.cloud);
        let chunks: Vec<_> = groups
            .chunks(batch)
            .map(|chunk| self.rule_pages(chunk).map(move |r| (chunk, r)))
            .collect();
        let mut reads = futures_util::stream::iter(chunks).buffer_unordered(width);
        let mut rules: HashMap<GroupId, RulesRead> = HashMap::new();
        while let Some((chunk, read)) = reads.next().await {
            match read {
                Ok((found, ids)) => {
                    let mut by_group: HashMap<GroupId, Vec<Rule>> = HashMap::new();
                    for (group, rule) in found {
                        by_group.entry(group).or_default().push(rule);
                    }
                    for group in chunk {
                        let found = by_group.remove(group).unwrap_or_default();
                        rules.insert(group.clone(), Ok((found, ids.clone())));
                    }
                }
                Err(ReadError::Stopped) => return Err(ReadError::Stopped),
                Err(ReadError::Cloud(error)) => {
                    rules.extend(chunk.iter().map(|g| (g.clone(), Err(error.clone()))));
                }
            }
        }
        Ok(rules)
    }

    /// The rules of `chunk`, of which none that stood all the while is missing.
    async fn rule_pages(
        &self,
        chunk: &[GroupId],
    ) -> Result<(Vec<(GroupId, Rule)>, Vec<RequestId>), ReadError> {
        for _ in 0..=MAX_RESTARTS {
            let mut listed = self.list_rules(chunk, MAX_PAGES).await?;
            if !listed.settle() {
                continue;
            }
            if listed.shows_nothing() {
                // Nor would it to credentials that are another account's by now.
                self.exchange.prove_again(self.lane, self.client()).await?;
            }
            let Some(earlier_pages) = listed.earlier_pages() else { return Ok(listed.end()) };
            let mut again = self.list_rules(chunk, earlier_pages).await?;
            if again.settle() && listed.stood_still(&again) {
                return Ok(listed.end());
            }
        }
        Err(ReadError::Cloud(CloudError::local(
            ErrorClass::Lost,
            LISTING_CHANGED,
            format!(
                "rules were added, removed or changed while they were listed, {} times in a row",
                MAX_RESTARTS + 1
            ),
        )))
    }

    /// The first `most` pages of the rules of `chunk`.
    async fn list_rules(&self, chunk: &[GroupId], most: usize) -> Result<RuleList, ReadError> {
        let mut listing = Listing::default();
        let mut list = RuleList::default();
        loop {
            let page = listing.page.clone();
            let answer = self
                .exchange
                .read(self.lane, Action::Rules, self.client(), || {
                    self.client().rules(&self.lane.region, chunk, page.as_deref())
                })
                .await;
            match listing.turn(answer.map(|answer| {
                list.add(answer.request_id, answer.value.rules, &answer.value.seen);
                answer.value.next
            }))? {
                Turn::Next if list.pages() < most => {}
                Turn::Restart => list.clear(),
                Turn::Next | Turn::End => return Ok(list),
            }
        }
    }

    /// What is missing counts as that only for the account itself: credentials that became another
    /// account's meanwhile are shown nothing.
    async fn prove_missing(&self, reads: &mut [GroupRead]) -> Result<(), ReadError> {
        let is_missing = |read: &GroupRead| matches!(read.reading, Reading::Missing { .. });
        if !reads.iter().any(is_missing) {
            return Ok(());
        }
        match self.exchange.prove_again(self.lane, self.client()).await {
            Err(ReadError::Cloud(error)) => {
                for read in reads.iter_mut().filter(|read| is_missing(read)) {
                    read.reading = unread(&error);
                }
                Ok(())
            }
            other => other,
        }
    }
}
