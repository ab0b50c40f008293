//! What a journal tells, read beside or after the program that writes it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use unpair::journal::{
    CallId, HistoryRow, JournalError, JournalRead, RevocationRecord, RunRecord, RunState, check,
    open_to_read, stored_revocations, whole_history,
};
use unpair::model::{Direction, Event, Outcome, RunId};

/// The right to send one request, as journalled.
#[derive(Clone, Debug)]
pub(crate) struct Intent {
    pub(crate) call: u64,
    /// It has no outcome yet.
    pub(crate) is_open: bool,
    pub(crate) token: Option<String>,
    pub(crate) group: String,
    pub(crate) direction: Direction,
}

impl Intent {
    /// What it has in common with its call. EC2 takes no token: there a call is told by what it is
    /// about.
    pub(crate) fn request(&self) -> String {
        let token = self.token.clone();
        token.unwrap_or_else(|| format!("{} {}", self.group, self.direction))
    }
}

/// How one revocation stands.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) rule: String,
    pub(crate) outcome: Outcome,
}

/// One run as its journal tells it.
#[derive(Clone, Debug)]
pub(crate) struct RunFacts {
    pub(crate) record: RunRecord,
    pub(crate) history: Vec<HistoryRow>,
    pub(crate) intents: Vec<Intent>,
    /// The group of each read-back's verdict.
    pub(crate) verdicts: Vec<String>,
    pub(crate) standings: Vec<Standing>,
    /// What the journal's own check finds wrong.
    pub(crate) bad: Vec<String>,
}

/// Every run of a journal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) runs: Vec<RunFacts>,
}

impl Facts {
    /// Reads a journal that nobody writes; one that is not there yet holds nothing.
    pub(crate) fn read(path: &Path) -> Result<Self, JournalError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime to read the journal");
        runtime.block_on(read(path))
    }

    pub(crate) fn intents(&self) -> impl Iterator<Item = &Intent> {
        self.runs.iter().flat_map(|run| &run.intents)
    }

    pub(crate) fn standings(&self) -> impl Iterator<Item = &Standing> {
        self.runs.iter().flat_map(|run| &run.standings)
    }

    /// Whether the last run came to its end and said so: what is left is to print the result.
    pub(crate) fn is_finished(&self) -> bool {
        self.runs.first().is_some_and(|run| run.record.state == RunState::Finished)
    }

    /// Calls whose intent has no outcome.
    pub(crate) fn in_flight(&self) -> usize {
        self.intents().filter(|intent| intent.is_open).count()
    }
}

async fn read(path: &Path) -> Result<Facts, JournalError> {
    let url = path.display().to_string();
    let journal = match open_to_read(&url).await {
        Ok(journal) => journal,
        Err(_) if is_blank(path) => return Ok(Facts::default()),
        Err(error) => return Err(error),
    };
    let mut facts = Facts::default();
    for record in journal.runs().await? {
        facts.runs.push(run(&*journal, record).await?);
    }
    journal.close().await?;
    Ok(facts)
}

/// Whether the first process died before it had made its journal.
fn is_blank(path: &Path) -> bool {
    !std::fs::metadata(path).is_ok_and(|file| file.len() > 4_096)
        && !std::fs::metadata(path.with_extension("db-wal")).is_ok_and(|log| log.len() > 100_000)
}

async fn run(journal: &dyn JournalRead, record: RunRecord) -> Result<RunFacts, JournalError> {
    let id = record.new.id.clone();
    let history = whole_history(journal, &id).await?;
    let (mut intents, mut verdicts) = (Vec::<Intent>::new(), Vec::new());
    let mut places = BTreeMap::<CallId, (String, Direction)>::new();
    for row in &history {
        let Some(call) = row.call else { continue };
        for intent in intents.iter_mut().filter(|intent| intent.call == call.0) {
            intent.is_open = false;
        }
        if let ("verified", Some((group, _))) = (row.kind.as_str(), places.get(&call)) {
            verdicts.push(group.clone());
        }
        if row.kind == "started" {
            let (group, direction) = match places.entry(call) {
                Entry::Occupied(known) => known.get().clone(),
                Entry::Vacant(new) => new.insert(place(journal, &id, call).await?).clone(),
            };
            let token = token(row);
            intents.push(Intent { call: call.0, is_open: true, token, group, direction });
        }
    }
    let bad = check(journal, &id).await?.bad;
    let standings = standings(journal, &id).await?;
    Ok(RunFacts { record, history, intents, verdicts, standings, bad })
}

async fn place(
    journal: &dyn JournalRead,
    run: &RunId,
    call: CallId,
) -> Result<(String, Direction), JournalError> {
    let call = journal.call(run, call).await?;
    Ok((call.group_id.to_string(), call.direction))
}

fn token(row: &HistoryRow) -> Option<String> {
    match serde_json::from_str(&row.body).expect("an event of the model") {
        Event::Started { token, .. } => token.map(|token| token.to_string()),
        other => panic!("{other:?} told as started"),
    }
}

async fn standings(journal: &dyn JournalRead, run: &RunId) -> Result<Vec<Standing>, JournalError> {
    let stored = stored_revocations(journal, run).await?;
    let standing = |record: &RevocationRecord| Standing {
        rule: record.revocation.rule.id.to_string(),
        outcome: record.outcome,
    };
    Ok(stored.iter().map(standing).collect())
}
