//! The pairs that a command works on: those of its manifests that the guards allow, and its options.

use super::account_names::resolve_names;
use super::allowed_groups::{BadRows, allowed_pairs};
use super::args::{PairsArgs, PlanningArgs};
use super::exit::{Exit, Failure};
use super::inputs::Manifests;
use super::plan_limits::share_is_known;
use super::session::Session;
use crate::config::{Config, NameLookup};
use crate::exchange::now_ms;
use crate::journal::{NewRun, RunKind};
use crate::model::{CallForm, PairSet, Row, RunId};

/// Pairs that passed the guards, and how they are to be planned.
pub(super) struct ChosenPairs {
    pub(super) pairs: PairSet,
    left_out: u64,
    bad_rows: BadRows,
    form: CallForm,
    blind: bool,
    accept_gone: bool,
    require_both: bool,
}

impl ChosenPairs {
    /// The pairs of a manifest that are only to be read.
    pub(super) fn for_audit(
        manifests: Manifests,
        config: &Config,
        options: &PairsArgs,
    ) -> Result<Self, Failure> {
        let bad_rows = BadRows::of(options.keep_going);
        let (pairs, refused) =
            allowed_pairs(manifests.pairs, config, bad_rows, NameLookup::Pending)?;
        Ok(Self {
            pairs,
            left_out: (manifests.left_out + refused) as u64,
            bad_rows,
            form: CallForm::RuleId,
            blind: false,
            accept_gone: options.accept_gone,
            require_both: options.require_both,
        })
    }

    /// The pairs of a manifest whose rules are to be revoked.
    pub(super) fn for_plan(
        manifests: Manifests,
        config: &Config,
        planning: &PlanningArgs,
    ) -> Result<Self, Failure> {
        let blind = planning.no_audit;
        share_is_known(config, blind)?;
        let form = call_form(planning)?;
        let chosen = Self::for_audit(manifests, config, &planning.pairs)?;
        if form == CallForm::Flat {
            refuse_flat_without_owners(&chosen.pairs)?;
        }
        if blind {
            refuse_missing_ports(&chosen.pairs)?;
        }
        Ok(Self { form, blind, ..chosen })
    }

    /// A run of these pairs, not begun yet.
    pub(super) fn new_run(&self, session: &Session, kind: RunKind) -> NewRun {
        NewRun {
            form: self.form,
            blind: self.blind,
            accept_gone: self.accept_gone,
            require_both: self.require_both,
            left_out: self.left_out,
            sandbox: session.is_sandbox(),
            ..NewRun::new(RunId::new(uuid::Uuid::now_v7().to_string()), kind, now_ms())
        }
    }

    /// The same with names resolved that only their own credentials can tell.
    pub(super) async fn resolved(self, session: &mut Session) -> Result<Self, Failure> {
        let pairs = resolve_names(session, self.pairs).await?;
        // The guards look again: an id that was learned just now may be one that they name.
        let (config, names) = (&session.config, NameLookup::Done);
        let (pairs, refused) = allowed_pairs(pairs, config, self.bad_rows, names)?;
        Ok(Self { pairs, left_out: self.left_out + refused as u64, ..self })
    }
}

/// How calls name rules: what `--by` says, else what is known of the rules.
fn call_form(planning: &PlanningArgs) -> Result<CallForm, Failure> {
    match (planning.by, planning.no_audit) {
        (Some(CallForm::RuleId), true) => {
            Err(Failure::usage("--no-audit knows no rule ids: use --by permissions or --by flat"))
        }
        (Some(form), _) => Ok(form),
        (None, true) => Ok(CallForm::Permissions),
        (None, false) => Ok(CallForm::RuleId),
    }
}

fn refuse_flat_without_owners(pairs: &PairSet) -> Result<(), Failure> {
    refuse_rows(pairs, |row| {
        (!pairs.groups.lane(row.a).cloud.facts().flat_names_owners).then(|| {
            "cloud: the flat parameters of EC2 cannot name a group of another account; use \
             --by rule-id or --by permissions"
                .to_owned()
        })
    })
}

fn refuse_missing_ports(pairs: &PairSet) -> Result<(), Failure> {
    refuse_rows(pairs, |row| {
        let filter = &pairs.filters[usize::from(row.filter)];
        let protocol = filter.protocol.as_ref().filter(|protocol| protocol.has_ports())?;
        filter.ports.is_none().then(|| {
            format!("port_range: is empty, expected from/to with {protocol} and --no-audit")
        })
    })
}

/// Reports all rows that `complaint` has something to say about, in the order of the manifest.
fn refuse_rows(pairs: &PairSet, complaint: impl Fn(&Row) -> Option<String>) -> Result<(), Failure> {
    let complaints = pairs.rows.iter().filter_map(|row| Some((row.line, complaint(&row)?)));
    let mut complaints: Vec<(u32, String)> = complaints.collect();
    if complaints.is_empty() {
        return Ok(());
    }
    complaints.sort_unstable();
    let located = |(line, text)| format!("{}: {text}", pairs.locate(line));
    Err(Failure::of_many(Exit::Usage, complaints.into_iter().map(located).collect()))
}
