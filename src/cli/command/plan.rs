//! `plan`: audit, then store the plan as a run; and the beginning of every run.

use super::args::{Pairs, PlanArgs, Planning};
use super::exit::{Exit, Failure};
use super::guard::{self, BadRows, overrides};
use super::inputs::{self, Manifests};
use super::output::Ended;
use super::planned::{reached, tell_planned, unreachable};
use super::session::Session;
use super::start::Context;
use super::summary::whole;
use super::{names, settings};
use crate::config::{Config, Names};
use crate::exchange::now_ms;
use crate::journal::{JournalError, NewRun, RunKind, RunRecord, RunState};
use crate::model::{CallForm, Estimate, PairSet, Provider, Row, RunId};
use crate::report::{Format, PlanView, summarize, write_plan};
use crate::run::Basis;

pub(super) async fn run(context: &Context, args: &PlanArgs) -> Result<Exit, Failure> {
    let config = context.config(&overrides(Some(&args.planning), None))?;
    let manifests = inputs::manifests(&args.manifests, &config, args.planning.pairs.keep_going)?;
    let chosen = choose(manifests, &config, &args.planning)?;
    let mut session = Session::open(context, config).await?;
    let chosen = chosen.resolved(&mut session).await?;
    let run = begin(&session, &chosen.new_run(&session, RunKind::Revoke), &chosen.pairs).await?;
    let exit = complete(context, &session, run).await?;
    session.close().await?;
    Ok(exit)
}

/// Reads what was not read yet, stores the plan and prints it.
pub(super) async fn complete(
    context: &Context,
    session: &Session,
    run: RunRecord,
) -> Result<Exit, Failure> {
    guard::share_is_known(&session.config, run.new.blind)?;
    let exchange = session.exchange(&run.new.id).await?;
    let process = session.process(&exchange);
    settings::take_over(session, &process, &run).await?;
    if let Err(failure) = guard::check_stored(&*session.journal, &run, &session.config).await {
        process.refuse(&run, failure.exit.into()).await?;
        return Err(failure.about(&run.new.id));
    }
    let plan = process.prepare(run, Basis::Rows).await?;
    tell_planned(session, &plan);
    if let Err(failure) = guard::check_plan(session, &plan).await {
        // The refusal is journalled; the run stays as it was planned.
        process.end(&plan.run, RunState::Planned, failure.exit.into()).await?;
        return Err(failure.about(&plan.run.new.id));
    }
    let (state, exit) = if plan.read.interrupted {
        (RunState::Interrupted, Exit::Interrupted)
    } else {
        (RunState::Planned, worth(context, session, &plan.run).await?)
    };
    let exit = exit.worse(reached(&plan));
    let run = process.end(&plan.run, state, exit.into()).await?;
    session.waits.tell();
    let ended = Ended { exit, messages: unreachable(&plan.read) };
    show(context, session, &run, Some(&plan.estimate), &ended).await?;
    Ok(exit)
}

/// What a plan is worth that lacks rows, or a side that could not be read. Nothing is read for one
/// that is made from the rows alone.
async fn worth(
    context: &Context,
    session: &Session,
    run: &RunRecord,
) -> Result<Exit, JournalError> {
    let unread = if run.new.blind {
        0
    } else {
        summarize(&*session.journal, run, context.command).await?.pairs.unknown
    };
    Ok(if unread + run.new.left_out > 0 { Exit::Unfinished } else { Exit::Done })
}

/// Prints a plan or an audit.
pub(super) async fn show(
    context: &Context,
    session: &Session,
    run: &RunRecord,
    estimate: Option<&Estimate>,
    ended: &Ended,
) -> Result<(), Failure> {
    let summary = whole(context, &*session.journal, run).await?;
    if context.output.format == Format::Json {
        return context.output.summary(&summary, ended);
    }
    let mut sink = context.output.open()?;
    let (format, style) = (context.output.format, context.output.style());
    let view = PlanView { run, summary: &summary, estimate };
    write_plan(&*session.journal, view, format, style, &mut sink).await?;
    sink.finish()
}

/// Pairs that passed the guards, and how they are to be planned.
pub(super) struct Chosen {
    pub(super) pairs: PairSet,
    left_out: u64,
    bad_rows: BadRows,
    form: CallForm,
    blind: bool,
    accept_gone: bool,
    require_both: bool,
}

impl Chosen {
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
        let pairs = names::resolve(session, self.pairs).await?;
        // The guards look again: an id that was learned just now may be one that they name.
        let (config, names) = (&session.config, Names::Settled);
        let (pairs, refused) = guard::allowed_pairs(pairs, config, self.bad_rows, names)?;
        Ok(Self { pairs, left_out: self.left_out + refused as u64, ..self })
    }
}

/// Applies guards and options to the pairs of a manifest.
pub(super) fn choose(
    manifests: Manifests,
    config: &Config,
    planning: &Planning,
) -> Result<Chosen, Failure> {
    let blind = planning.no_audit;
    guard::share_is_known(config, blind)?;
    let form = match planning.by {
        Some(CallForm::RuleId) if blind => {
            return Err(Failure::usage(
                "--no-audit knows no rule ids: use --by permissions or --by flat",
            ));
        }
        Some(form) => form,
        None if blind => CallForm::Permissions,
        None => CallForm::RuleId,
    };
    let mut chosen = choose_pairs(manifests, config, &planning.pairs)?;
    if form == CallForm::Flat {
        refuse_flat_on_aws(&chosen.pairs)?;
    }
    if blind {
        refuse_missing_ports(&chosen.pairs)?;
    }
    chosen.form = form;
    chosen.blind = blind;
    Ok(chosen)
}

/// Applies the guards to the pairs of a manifest.
pub(super) fn choose_pairs(
    manifests: Manifests,
    config: &Config,
    options: &Pairs,
) -> Result<Chosen, Failure> {
    let bad_rows = BadRows::of(options.keep_going);
    let (pairs, refused) = guard::allowed_pairs(manifests.pairs, config, bad_rows, Names::ToCome)?;
    Ok(Chosen {
        pairs,
        left_out: (manifests.left_out + refused) as u64,
        bad_rows,
        form: CallForm::RuleId,
        blind: false,
        accept_gone: options.accept_gone,
        require_both: options.require_both,
    })
}

fn refuse_flat_on_aws(pairs: &PairSet) -> Result<(), Failure> {
    refuse_rows(pairs, |row| {
        (pairs.groups.lane(row.a).cloud == Provider::Aws).then(|| {
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

/// Puts a new run that only reads into the journal, before its first call.
pub(super) async fn begin(
    session: &Session,
    new: &NewRun,
    pairs: &PairSet,
) -> Result<RunRecord, Failure> {
    session.journal.begin(new, pairs).await?;
    let run = session.journal.run(new.id.as_str()).await?;
    tell_begun(&run);
    Ok(run)
}

/// Tells that a run is in the journal.
pub(super) fn tell_begun(run: &RunRecord) {
    tracing::info!("run {} is in the journal: {} pairs", run.new.id, run.pairs);
}
