//! A cloud that answers as it is told to, and otherwise as a cloud would.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::Notify;
use unpair::cloud::{
    Action, Answer, Batch, Cloud, CloudError, Directory, ErrorClass, GroupInfo, GroupsPage,
    Reference, RevokeOrder, RevokeReply, RulesPage,
};
use unpair::model::{AccountId, GroupId, Identity, Provider, RegionId, Rule};

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

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Directory for Fake {
    async fn client(
        &self,
        _cloud: Provider,
        account: &AccountId,
        _region: Option<&RegionId>,
    ) -> Result<Arc<dyn Cloud>, CloudError> {
        Ok(Arc::new(Client { fake: self.clone(), account: account.clone() }))
    }
}

struct Client {
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
            state.sent.push(Sent { account: account.clone(), action, rules, paused });
            if state.denied.contains(&action) {
                return Err(error(ErrorClass::Denied));
            }
            state.script.get_mut(&(account, action)).and_then(VecDeque::pop_front)
        };
        match reply {
            None | Some(Reply::Accept) => Ok(false),
            Some(Reply::Lose) => Ok(true),
            Some(Reply::Refuse(class)) => Err(error(class)),
            Some(Reply::Hang) => {
                self.fake.hung.notify_one();
                std::future::pending().await
            }
        }
    }

    fn answer<T>(value: T) -> Answer<T> {
        static ANSWERS: AtomicU64 = AtomicU64::new(0);
        let number = ANSWERS.fetch_add(1, Ordering::Relaxed);
        Answer { value, request_id: format!("req-{number}").as_str().into(), http: 200 }
    }
}

fn error(class: ErrorClass) -> CloudError {
    CloudError::local(class, &format!("{class:?}"), "as scripted")
}

#[async_trait]
impl Cloud for Client {
    fn provider(&self) -> Provider {
        Provider::Aws
    }

    fn batch(&self) -> Batch {
        self.fake.batch
    }

    async fn identify(&self, _region: &RegionId) -> Result<Answer<Identity>, CloudError> {
        self.exchange(Action::Identify, Vec::new()).await?;
        let state = self.fake.state();
        let became = state.becomes.clone().filter(|_| state.refreshed > 0);
        let account = became.unwrap_or_else(|| self.account.clone());
        Ok(Self::answer(Identity { account, arn: "arn:of:somebody".to_owned() }))
    }

    async fn refresh(&self) -> Result<(), CloudError> {
        self.fake.state().refreshed += 1;
        Ok(())
    }

    async fn groups(
        &self,
        _region: &RegionId,
        named: Option<&[GroupId]>,
        _page: Option<&str>,
    ) -> Result<Answer<GroupsPage>, CloudError> {
        self.exchange(Action::Groups, Vec::new()).await?;
        let state = self.fake.state();
        let info = |id: &GroupId| {
            let (owner, _) = state.groups.get(id).filter(|(owner, _)| *owner == self.account)?;
            Some(GroupInfo {
                id: id.clone(),
                owner: Some(owner.clone()),
                name: String::new(),
                vpc: String::new(),
                service_managed: false,
            })
        };
        let groups = named.unwrap_or_default().iter().filter_map(info).collect();
        Ok(Self::answer(GroupsPage { groups, next: None }))
    }

    async fn rules(
        &self,
        _region: &RegionId,
        groups: &[GroupId],
        _page: Option<&str>,
    ) -> Result<Answer<RulesPage>, CloudError> {
        self.exchange(Action::Rules, Vec::new()).await?;
        let state = self.fake.state();
        let rules = groups
            .iter()
            .filter_map(|id| Some((id, &state.groups.get(id)?.1)))
            .flat_map(|(id, rules)| rules.iter().map(|rule| (id.clone(), rule.clone())))
            .collect();
        Ok(Self::answer(RulesPage { rules, seen: Vec::new(), next: None }))
    }

    async fn references(
        &self,
        _region: &RegionId,
        _groups: &[GroupId],
    ) -> Result<Option<Answer<Vec<Reference>>>, CloudError> {
        Ok(None)
    }

    async fn regions(&self) -> Result<Answer<Vec<RegionId>>, CloudError> {
        Ok(Self::answer(Vec::new()))
    }

    fn revoke_parameters(
        &self,
        order: &RevokeOrder<'_>,
    ) -> Result<Vec<(String, String)>, CloudError> {
        Ok(order.rules.iter().map(|rule| ("Rule".to_owned(), rule.id.to_string())).collect())
    }

    async fn revoke(&self, order: &RevokeOrder<'_>) -> Result<Answer<RevokeReply>, CloudError> {
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
        Ok(Self::answer(RevokeReply { returned: true, ..RevokeReply::default() }))
    }
}
