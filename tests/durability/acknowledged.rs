//! What a journal owes after a power cut: rows that were acknowledged by what left the process.
//!
//! A call is sent for an intent. The next call of the same request, and a reading of its group,
//! are sent after the outcome of the last one was journalled. Another request for a group goes out
//! after the verdict on the one before, and what is printed tells of everything.

use std::collections::BTreeMap;

use crate::journal::Facts;

/// A piece of a request that names a group.
#[derive(Debug)]
pub(crate) enum Sent {
    /// A revocation: the request by its token, on AWS by group and direction.
    Call { group: String, request: String },
    /// A reading of these groups.
    Read(Vec<String>),
}

impl Sent {
    /// Reads a form; `groups` are all that there are.
    pub(crate) fn read(text: &str, groups: &[&str]) -> Self {
        let value = |name: &str| {
            let found = text.split(['&', '\n', '?']).find_map(|pair| pair.strip_prefix(name));
            found.map(str::to_owned)
        };
        if let (Some(token), Some(group)) = (value("ClientToken="), value("SecurityGroupId=")) {
            return Self::Call { group, request: token };
        }
        if let (Some(action), Some(group)) =
            (value("Action=RevokeSecurityGroup"), value("GroupId="))
        {
            let request = format!("{group} {}", action.to_lowercase());
            return Self::Call { group, request };
        }
        let named = groups.iter().filter(|group| text.contains(**group));
        Self::Read(named.map(|group| (*group).to_owned()).collect())
    }
}

impl Sent {
    /// A call of Alibaba Cloud: it has a token.
    pub(crate) fn is_by_token(&self) -> bool {
        matches!(self, Self::Call { request, .. } if !request.contains(' '))
    }

    /// A call of AWS: it has none.
    pub(crate) fn is_by_group(&self) -> bool {
        matches!(self, Self::Call { request, .. } if request.contains(' '))
    }

    pub(crate) const fn is_reading(&self) -> bool {
        matches!(self, Self::Read(_))
    }
}

/// How one request stands, as far as what left the process tells.
#[derive(Debug, Default)]
struct Owing {
    group: String,
    intents: usize,
    outcomes: usize,
    /// A verdict was journalled.
    is_verified: bool,
}

/// The rows that must be there.
#[derive(Debug, Default)]
pub(crate) struct Owed(BTreeMap<String, Owing>);

/// How many acknowledged rows are not there.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    pub(crate) intents: usize,
    pub(crate) outcomes: usize,
    pub(crate) verdicts: usize,
}

impl Lost {
    pub(crate) const fn rows(&self) -> usize {
        self.intents + self.outcomes + self.verdicts
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.intents += other.intents;
        self.outcomes += other.outcomes;
        self.verdicts += other.verdicts;
    }
}

impl Owed {
    pub(crate) fn send(&mut self, sent: &Sent) {
        match sent {
            Sent::Read(groups) => {
                for group in groups {
                    self.of(group).for_each(|(_, owing)| owing.outcomes = owing.intents);
                }
            }
            Sent::Call { group, request } => {
                for (_, owing) in self.of(group).filter(|(other, _)| *other != request) {
                    owing.outcomes = owing.intents;
                    owing.is_verified = true;
                }
                let owing = self.0.entry(request.clone()).or_default();
                owing.group.clone_from(group);
                owing.outcomes = owing.intents;
                owing.intents += 1;
            }
        }
    }

    /// Everything is told.
    pub(crate) fn print(&mut self) {
        for owing in self.0.values_mut() {
            owing.outcomes = owing.intents;
            owing.is_verified = true;
        }
    }

    fn of<'a>(
        &'a mut self,
        group: &'a str,
    ) -> impl Iterator<Item = (&'a String, &'a mut Owing)> + use<'a> {
        self.0.iter_mut().filter(move |(_, owing)| owing.group == group)
    }

    /// What of it a journal lost.
    pub(crate) fn lost(&self, facts: &Facts) -> Lost {
        let mut lost = Lost::default();
        let mut verdicts = BTreeMap::<&str, usize>::new();
        for (request, owing) in &self.0 {
            let sends = || facts.intents().filter(|intent| intent.request() == *request);
            let outcomes = sends().filter(|intent| !intent.is_open).count();
            lost.intents += owing.intents.saturating_sub(sends().count());
            lost.outcomes += owing.outcomes.saturating_sub(outcomes);
            *verdicts.entry(&owing.group).or_default() += usize::from(owing.is_verified);
        }
        for (group, owed) in verdicts {
            let kept = facts.runs.iter().flat_map(|run| &run.verdicts);
            lost.verdicts += owed.saturating_sub(kept.filter(|kept| *kept == group).count());
        }
        lost
    }
}
