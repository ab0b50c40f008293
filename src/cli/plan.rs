//! `plan`: audit, then store the plan as a run; and the beginning of every run.

use super::act::refuse;
use super::args::{Pairs, PlanArgs, Planning};
use super::exit::{Exit, Failure};
use super::guard::{self, overrides};
use super::inputs::{self, Manifests};
use super::names;
use super::output::Ended;
use super::prepare::{Prepared, prepare};
use super::session::Session;
use super::start::Context;
use crate::config::Config;
use crate::exchange::now_ms;
use crate::journal::{NewRun, RunKind, RunRecord, RunState};
use crate::model::{CallForm, Estimate, PairSet, Provider, Row, RunId};
use crate::report::{Format, PlanView, summarize, write_plan};

pub(super) async fn run(context: &Context, args: &PlanArgs) -> Result<Exit, Failure> {
    let config = context.config(&overrides(Some(&args.planning), None))?;
    let manifests = inputs::manifests(&args.manifests, &config, args.planning.pairs.keep_going)?;
    let chosen = choose(manifests, &config, &args.planning)?;
    let mut session = Session::open(context, config).await?;
    let chosen = chosen.resolved(&mut session).await?;
    let run = begin(&session, &chosen, RunKind::Revoke, false).await?;
    let exit = complete(context, &session, run, chosen.exit()).await?;
    session.close().await?;
    Ok(exit)
}

/// Reads what was not read yet, stores the plan and prints it; `left_over` is what rows that
/// were left out come to.
pub(super) async fn complete(
    context: &Context,
    session: &Session,
    run: RunRecord,
    left_over: Exit,
) -> Result<Exit, Failure> {
    let Prepared { run, exchange, end, estimate } = prepare(session, run, false).await?;
    if let Err(failure) = guard::check_plan(session, &run, &estimate).await {
        return Err(refuse(session, &exchange, &run, failure).await);
    }
    let exit = if end.interrupted { Exit::Interrupted } else { left_over };
    let exit = exit.or(end.nobody_reached());
    let state = if end.interrupted { RunState::Interrupted } else { RunState::Planned };
    let run = session.end_run(&exchange, &run.new.id, state, exit as u8).await?;
    let ended = Ended { exit, messages: end.messages() };
    show(context, session, &run, Some(&estimate), &ended).await?;
    Ok(exit)
}

/// Prints a plan or an audit.
pub(super) async fn show(
    context: &Context,
    session: &Session,
    run: &RunRecord,
    estimate: Option<&Estimate>,
    ended: &Ended,
) -> Result<(), Failure> {
    let summary = summarize(&*session.journal, run, context.command).await?;
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
    left_out: usize,
    form: CallForm,
    blind: bool,
    accept_gone: bool,
    require_both: bool,
}

impl Chosen {
    /// Whether `run` was begun with the same options, so that it can be gone on with.
    pub(super) fn is_planned_as(&self, run: &RunRecord) -> bool {
        let new = &run.new;
        (new.form, new.blind, new.accept_gone, new.require_both)
            == (self.form, self.blind, self.accept_gone, self.require_both)
    }

    /// The same with names resolved that only their own credentials can tell.
    pub(super) async fn resolved(self, session: &mut Session) -> Result<Self, Failure> {
        Ok(Self { pairs: names::resolve(session, self.pairs).await?, ..self })
    }

    /// What rows that were left out come to.
    pub(super) const fn exit(&self) -> Exit {
        if self.left_out > 0 { Exit::Unfinished } else { Exit::Done }
    }
}

/// Applies guards and options to the pairs of a manifest.
pub(super) fn choose(
    manifests: Manifests,
    config: &Config,
    planning: &Planning,
) -> Result<Chosen, Failure> {
    let blind = planning.no_audit;
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
    let (pairs, refused) = guard::allowed_pairs(manifests.pairs, config, options.keep_going)?;
    Ok(Chosen {
        pairs,
        left_out: manifests.left_out + refused,
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
    Err(Failure { exit: Exit::Usage, messages: complaints.into_iter().map(located).collect() })
}

/// Puts a new run into the journal, before its first call.
pub(super) async fn begin(
    session: &Session,
    chosen: &Chosen,
    kind: RunKind,
    may_act: bool,
) -> Result<RunRecord, Failure> {
    let new = NewRun {
        id: RunId::new(uuid::Uuid::now_v7().to_string()),
        kind,
        parent: None,
        may_act,
        form: chosen.form,
        blind: chosen.blind,
        accept_gone: chosen.accept_gone,
        require_both: chosen.require_both,
        sandbox: session.is_sandbox(),
        created_ms: now_ms(),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
    };
    session.journal.begin(&new, &chosen.pairs).await?;
    tracing::info!("run {} is in the journal: {} pairs", new.id, chosen.pairs.pair_count());
    Ok(session.journal.run(new.id.as_str()).await?)
}
