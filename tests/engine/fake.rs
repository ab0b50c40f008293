//! A cloud that answers as it is told to, and otherwise as a cloud would.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::Notify;
use unpair::cloud::{
    Action, Batch, CloudError, ErrorClass, GroupInfo, NamedGroups, RevokeOrder, RevokeReply,
    RulesPage,
};
use unpair::model::{AccountId, Direction, GroupId, Provider, RegionId, RequestId, Rule};
use unpair_testing::fake_cloud::{FakeAccount, FakeAccounts, info};

/// What is answered once, in place of what the cloud would say.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reply {
    /// As the cloud would.
    Accept,
    /// Refused before anything was done.
    Refuse(ErrorClass),
    /// Carried out, but the answer never comes.
    Lose,
    /// Never answered.
    Hang,
    /// Answered as the first exchange of all was, when there was nothing: a replay.
    Replay,
}

/// One exchange as the cloud saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) account: String,
    pub(super) action: &'static str,
    /// Rule ids, of a revocation.
    pub(super) rules: Vec<String>,
    /// Whether the pause file was there.
    pub(super) paused: bool,
    pub(super) at: std::time::Instant,
}

#[derive(Default)]
struct State {
    groups: BTreeMap<GroupId, (AccountId, Vec<Rule>)>,
    script: BTreeMap<(String, &'static str), VecDeque<Reply>>,
    denied: Vec<&'static str>,
    unrevocable: Vec<String>,
    becomes: Option<AccountId>,
    refreshed: u32,
    pause_file: Option<PathBuf>,
    pauses: bool,
    sent: Vec<Sent>,
    answered: u64,
    hidden: BTreeMap<GroupId, u32>,
    contradicted: BTreeMap<GroupId, u32>,
    /// The answer under way is the first one again.
    replays: bool,
}

/// The cloud, and the directory of its accounts.
#[derive(Clone)]
pub(super) struct Fake {
    state: Arc<Mutex<State>>,
    /// Told when an exchange hangs.
    pub(super) hung: Arc<Notify>,
    batch: Batch,
}

impl Fake {
    pub(super) fn new() -> Self {
        let batch =
            Batch { revoke_ids: 20, revoke_permissions: 20, groups: 1, rules: 1, references: 0 };
        Self { state: Arc::default(), hung: Arc::default(), batch }
    }

    /// Rules that one call takes.
    pub(super) fn batch(mut self, rules: usize) -> Self {
        self.batch.revoke_ids = rules;
        self.batch.revoke_permissions = rules;
        self
    }

    pub(super) fn add(&self, account: &str, group: &str, rules: Vec<Rule>) {
        self.state().groups.insert(group.into(), (account.into(), rules));
    }

    /// The next `times` listings of groups leave this one out.
    pub(super) fn hide(&self, group: &str, times: u32) {
        self.state().hidden.insert(group.into(), times);
    }

    /// The next `times` listings of groups show grants of this one that its rules do not have.
    pub(super) fn contradict(&self, group: &str, times: u32) {
        self.state().contradicted.insert(group.into(), times);
    }

    /// Changes the rules of a group behind everybody's back.
    pub(super) fn edit(&self, group: &str, change: impl FnOnce(&mut Vec<Rule>)) {
        let mut state = self.state();
        let (_, rules) = state.groups.get_mut(group).expect("a group of the world");
        change(rules);
    }

    /// The next answers to `action` of `account`.
    pub(super) fn answer(&self, account: &str, action: &'static str, replies: &[Reply]) {
        let mut state = self.state();
        state.script.entry((account.to_owned(), action)).or_default().extend(replies);
    }

    /// Refuses `action` for want of rights, always.
    pub(super) fn deny(&self, action: &'static str) {
        self.state().denied.push(action);
    }

    /// Refuses every call that names this rule.
    pub(super) fn refuse_rule(&self, rule: &str) {
        self.state().unrevocable.push(rule.to_owned());
    }

    /// Fresh credentials are those of another account.
    pub(super) fn become_on_refresh(&self, account: &str) {
        self.state().becomes = Some(account.into());
    }

    /// The first revocation makes the pause file.
    pub(super) fn pause_at_first_revocation(&self, file: PathBuf) {
        let mut state = self.state();
        (state.pause_file, state.pauses) = (Some(file), true);
    }

    pub(super) fn sent(&self, action: &str) -> Vec<Sent> {
        self.state().sent.iter().filter(|sent| sent.action == action).cloned().collect()
    }

    pub(super) fn refreshed(&self) -> u32 {
        self.state().refreshed
    }

    /// Answers have the request ids of the first ones again.
    pub(super) fn number_answers_anew(&self) {
        self.state().answered = 0;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FakeAccounts for Fake {
    type Account = Client;

    fn account(&self, _cloud: Provider, account: &AccountId) -> Client {
        Client { fake: self.clone(), account: account.clone() }
    }
}

/// One account of it.
pub(super) struct Client {
    fake: Fake,
    account: AccountId,
}

impl Client {
    /// Logs the exchange and takes its scripted answer; true if the answer is to be lost.
    async fn exchange(&self, action: Action, rules: Vec<String>) -> Result<bool, CloudError> {
        let action = action.name(Provider::Aws);
        let reply = {
            let mut state = self.fake.state();
            let paused = state.pause_file.as_ref().is_some_and(|file| file.exists());
            let account = self.account.to_string();
            let at = std::time::Instant::now();
            state.sent.push(Sent { account: account.clone(), action, rules, paused, at });
            if state.denied.contains(&action) {
                return Err(error(ErrorClass::Denied));
            }
            state.script.get_mut(&(account, action)).and_then(VecDeque::pop_front)
        };
        match reply {
            None | Some(Reply::Accept) => Ok(false),
            Some(Reply::Lose) => Ok(true),
            Some(Reply::Replay) => {
                self.fake.state().replays = true;
                Ok(false)
            }
            Some(Reply::Refuse(class)) => Err(error(class)),
            Some(Reply::Hang) => {
                self.fake.hung.notify_one();
                std::future::pending().await
            }
        }
    }
}

/// Whether there is one left of what is to happen to a group.
fn takes_one(left: &mut BTreeMap<GroupId, u32>, group: &GroupId) -> bool {
    let Some(times) = left.get_mut(group).filter(|times| **times > 0) else { return false };
    *times -= 1;
    true
}

fn error(class: ErrorClass) -> CloudError {
    CloudError::local(class, &format!("{class:?}"), "as scripted")
}

#[async_trait]
impl FakeAccount for Client {
    fn provider(&self) -> Provider {
        Provider::Aws
    }

    fn batch(&self) -> Batch {
        self.fake.batch
    }

    fn request_id(&self) -> RequestId {
        let mut state = self.fake.state();
        state.answered += 1;
        let first = std::mem::take(&mut state.replays);
        RequestId::new(format!("req-{}", if first { 1 } else { state.answered }))
    }

    async fn whoami(&self) -> Result<AccountId, CloudError> {
        self.exchange(Action::Identify, Vec::new()).await?;
        let state = self.fake.state();
        let became = state.becomes.clone().filter(|_| state.refreshed > 0);
        Ok(became.unwrap_or_else(|| self.account.clone()))
    }

    fn fresh(&self) {
        self.fake.state().refreshed += 1;
    }

    async fn infos(
        &self,
        _region: &RegionId,
        named: &[GroupId],
    ) -> Result<Vec<GroupInfo>, CloudError> {
        self.exchange(Action::Groups, Vec::new()).await?;
        let mut state = self.fake.state();
        let mut infos = Vec::new();
        for id in named {
            let Some((owner, rules)) = state.groups.get(id) else { continue };
            if *owner != self.account {
                continue;
            }
            let mut shown = NamedGroups::of(rules);
            if takes_one(&mut state.contradicted, id) {
                shown.add(Direction::Ingress, id);
            }
            if !takes_one(&mut state.hidden, id) {
                infos.push(GroupInfo { names: Some(shown), ..info(id, Some(&self.account)) });
            }
        }
        Ok(infos)
    }

    async fn listed(
        &self,
        groups: &[GroupId],
        _page: Option<&str>,
    ) -> Result<RulesPage, CloudError> {
        self.exchange(Action::Rules, Vec::new()).await?;
        let state = self.fake.state();
        // A replay is of a time when there were no rules.
        let rules = groups
            .iter()
            .filter(|_| !state.replays)
            .filter_map(|id| Some((id, &state.groups.get(id)?.1)))
            .flat_map(|(id, rules)| rules.iter().map(|rule| (id.clone(), rule.clone())))
            .collect();
        Ok(RulesPage { rules, seen: Vec::new(), next: None })
    }

    fn parameters(&self, order: &RevokeOrder<'_>) -> Vec<(String, String)> {
        order.rules.iter().map(|rule| ("Rule".to_owned(), rule.id.to_string())).collect()
    }

    async fn revoked(&self, order: &RevokeOrder<'_>) -> Result<RevokeReply, CloudError> {
        let rules: Vec<String> = order.rules.iter().map(|rule| rule.id.to_string()).collect();
        let lose = self.exchange(Action::Revoke(order.direction), rules.clone()).await?;
        let mut state = self.fake.state();
        if state.pauses {
            state.pauses = false;
            let file = state.pause_file.clone().expect("a pause file");
            std::fs::write(file, "").expect("the pause file is made");
        }
        if rules.iter().any(|rule| state.unrevocable.contains(rule)) {
            return Err(error(ErrorClass::Refused));
        }
        let (_, live) = state.groups.get_mut(order.group).expect("a group of the world");
        let named = |rule: &Rule| {
            order.rules.iter().any(|it| it.id == rule.id || it.id.as_str().is_empty())
        };
        live.retain(|rule| !named(rule));
        if lose {
            return Err(error(ErrorClass::Lost));
        }
        Ok(RevokeReply { returned: true, ..RevokeReply::default() })
    }
}
