//! The live sandbox: the world and everything that changes while it is served.

use jiff::Timestamp;
use tokio::time::Instant;

use super::changes::Change;
use super::error::SandboxError;
use super::faults::InjectedFaults;
use super::hold::Hold;
use super::limits::Limiter;
use super::log::Log;
use super::options::SandboxOptions;
use super::sessions::Sessions;
use super::store::{Store, StoredLine, StoredState};
use super::tokens::{Nonces, Remembered};
use super::visibility::Visibility;
use super::world::{Group, LiveRule, World};
use crate::model::{GroupId, Provider, RuleId};

/// What one call did, told while it is carried out.
#[derive(Debug, Default)]
pub(super) struct CallEffects {
    /// What is to be kept before the answer leaves.
    pub(super) lines: Vec<StoredLine>,
    /// The answer was given before.
    pub(super) replayed: bool,
}

/// Everything behind both dialects; one call at a time has it.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) state: StoredState,
    pub(super) sessions: Sessions,
    pub(super) nonces: Nonces,
    pub(super) faults: InjectedFaults,
    pub(super) hold: Option<Hold>,
    pub(super) limiter: Limiter,
    pub(super) log: Log,
    pub(super) effects: CallEffects,
    visibility: Visibility,
    store: Option<Store>,
}

impl Live {
    /// Opens the kept state, if any, and everything else as the options say.
    pub(super) fn open(options: SandboxOptions) -> Result<Self, SandboxError> {
        let (store, state) = match &options.state {
            Some(path) => {
                let (store, state) = Store::open(path, options.world)?;
                (Some(store), state)
            }
            None => (None, StoredState { world: options.world, ..StoredState::default() }),
        };
        let log = Log::open(options.call_log.as_deref()).map_err(|source| SandboxError::File {
            path: options.call_log.unwrap_or_default(),
            source,
        })?;
        Ok(Self {
            state,
            sessions: Sessions::default(),
            nonces: Nonces::default(),
            faults: InjectedFaults::new(options.faults, options.seed),
            hold: None,
            limiter: Limiter::new(options.limit),
            log,
            effects: CallEffects::default(),
            visibility: Visibility::new(options.visibility_delay),
            store,
        })
    }

    /// The world as it is.
    pub(super) fn world(&self) -> &World {
        &self.state.world
    }

    /// The rules of a group as a read shows them now.
    pub(super) fn seen<'a>(&'a self, group: &'a Group) -> &'a [LiveRule] {
        self.visibility.seen(group, Instant::now())
    }

    /// Removes rules of a group.
    pub(super) fn remove(&mut self, group: &GroupId, removed: Vec<RuleId>) {
        if removed.is_empty() {
            return;
        }
        if let Some(group) = self.state.world.groups.get(group) {
            self.visibility.keep(group, Instant::now());
        }
        self.change(Change { group: group.to_string(), removed, ..Change::default() });
    }

    /// Adds rules to a group, with new ids and the time; they come back as they are kept.
    pub(super) fn add(
        &mut self,
        cloud: Provider,
        group: &GroupId,
        mut added: Vec<LiveRule>,
        now: Timestamp,
    ) -> Vec<LiveRule> {
        for rule in &mut added {
            rule.id = self.state.world.next_rule_id(cloud);
            rule.created = format!("{now:.0}");
        }
        if !added.is_empty() {
            self.change(Change {
                group: group.to_string(),
                added: added.clone(),
                ..Change::default()
            });
        }
        added
    }

    fn change(&mut self, mut change: Change) {
        change.serial = self.state.world.serial;
        change.apply(&mut self.state.world);
        self.effects.lines.push(StoredLine::Change(change));
    }

    /// Keeps the first answer to a client token.
    pub(super) fn remember(&mut self, remembered: Remembered) {
        self.state.tokens.remember(remembered.clone());
        self.effects.lines.push(StoredLine::Token(remembered));
    }

    /// Keeps what the last call did and hands it over.
    pub(super) fn finish_call(&mut self) -> std::io::Result<CallEffects> {
        let effects = std::mem::take(&mut self.effects);
        if let Some(store) = &mut self.store {
            store.append(&effects.lines)?;
        }
        Ok(effects)
    }

    /// Lets go of the kept state, so that another sandbox may take it up.
    pub(super) fn close(&mut self) {
        self.store = None;
    }

    /// Changes the world from outside; reads show it at once.
    pub(super) fn edit(&mut self, change: impl FnOnce(&mut World)) -> std::io::Result<()> {
        change(&mut self.state.world);
        self.visibility.forget_all();
        self.store.as_mut().map_or(Ok(()), |store| store.rewrite(&self.state))
    }
}
