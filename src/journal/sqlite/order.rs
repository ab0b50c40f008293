//! What can be written, and what comes of it: orders are carried out in one transaction.

use std::collections::BTreeSet;

use super::invocations::{self, InvokeOrder};
use super::planning::{self, PlanOrder};
use super::readings::{self, ReadingsOrder};
use super::runs::{self, UpdateOrder};
use super::steps;
use super::tallies::{self, TallyOrder};
use super::work::Work;
use crate::journal::desk::Step;
use crate::journal::{CallId, JournalError};
use crate::model::{RunId, Status};

/// One thing to be written.
pub(super) enum Order {
    Step(Step),
    Plan(PlanOrder),
    Alone(Alone),
}

/// Orders that are rare or bulky enough to need no company.
pub(super) enum Alone {
    Readings(ReadingsOrder, Vec<PlanOrder>),
    Update(UpdateOrder),
    Invoke(InvokeOrder),
    Reclaim {
        run: RunId,
        run_no: i64,
        at_ms: i64,
    },
    Tally(TallyOrder),
    Drop {
        runs: Vec<RunId>,
    },
    /// The file may have so many pages: what a full disk is to a test.
    #[cfg(test)]
    Limit(u32),
}

impl Order {
    /// Whether revocations may come, go or come out otherwise by it.
    pub(super) const fn changes_outcomes(&self) -> bool {
        match self {
            Self::Step(_) | Self::Plan(_) => true,
            Self::Alone(Alone::Readings(_, plans)) => !plans.is_empty(),
            Self::Alone(Alone::Drop { .. }) => true,
            Self::Alone(Alone::Update(_) | Alone::Invoke(_)) => false,
            Self::Alone(Alone::Reclaim { .. } | Alone::Tally(_)) => false,
            #[cfg(test)]
            Self::Alone(Alone::Limit(_)) => false,
        }
    }
}

/// What came of an order.
#[derive(Debug)]
pub(super) enum Reply {
    Done,
    Stepped(Status, Vec<CallId>),
    Count(u64),
}

/// Orders of one kind that follow each other go together. The outer error is that of the
/// database; an inner one touched nothing.
pub(super) fn carry_out(
    work: &mut Work<'_>,
    orders: Vec<Order>,
) -> Result<Vec<Result<Reply, JournalError>>, JournalError> {
    let mut replies = Vec::with_capacity(orders.len());
    let mut queue = orders.into_iter().peekable();
    while let Some(order) = queue.next() {
        match order {
            Order::Step(first) => {
                let mut steps = vec![first];
                while let Some(Order::Step(step)) =
                    queue.next_if(|order| matches!(order, Order::Step(_)))
                {
                    steps.push(step);
                }
                let stepped = steps::apply(work, &steps)?.into_iter();
                replies.extend(stepped.map(|one| one.map(|(to, split)| Reply::Stepped(to, split))));
            }
            Order::Plan(first) => {
                let mut places = BTreeSet::from([first.place]);
                let mut plans = vec![first];
                while let Some(Order::Plan(plan)) = queue.next_if(
                    |order| matches!(order, Order::Plan(plan) if places.insert(plan.place)),
                ) {
                    plans.push(plan);
                }
                let planned = planning::plan(work, plans)?.into_iter();
                replies.extend(planned.map(|one| one.map(|()| Reply::Done)));
            }
            Order::Alone(order) => replies.push(carry_out_alone(work, order)?),
        }
    }
    Ok(replies)
}

fn carry_out_alone(
    work: &mut Work<'_>,
    order: Alone,
) -> Result<Result<Reply, JournalError>, JournalError> {
    match order {
        Alone::Readings(order, plans) => {
            let mut saved = readings::save(work, order)?;
            if saved.is_ok() && !plans.is_empty() {
                saved = planning::plan(work, plans)?.into_iter().collect();
            }
            return Ok(saved.map(|()| Reply::Done));
        }
        Alone::Update(order) => runs::update(work, &order)?,
        Alone::Invoke(order) => invocations::add(work, &order)?,
        Alone::Tally(order) => tallies::add(work, &order)?,
        Alone::Reclaim { run, run_no, at_ms } => {
            return Ok(Ok(Reply::Count(steps::reclaim(work, &run, run_no, at_ms)?)));
        }
        Alone::Drop { runs } => runs::drop_runs(work, &runs)?,
        #[cfg(test)]
        Alone::Limit(pages) => {
            work.conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
        }
    }
    Ok(Ok(Reply::Done))
}
