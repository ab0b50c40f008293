//! The one writer: orders that wait together are committed together.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{Mutex, mpsc, oneshot};

use super::connect::Name;
use super::counts::Counts;
use super::planning::{self, PlanOrder};
use super::readings::{self, ReadingsOrder};
use super::row::refused;
use super::runs::{self, UpdateOrder};
use super::steps;
use super::tallies::{self, TallyOrder};
use super::work::{Heads, Work};
use super::{begin, sql};
use crate::failpoint::{Bug, hit, planted};
use crate::journal::desk::Step;
use crate::journal::{CallId, JournalError, NewRun};
use crate::model::{PairSet, RunId, Status};

/// Orders in one transaction at most.
const BATCH: usize = 128;

/// One thing to be written.
pub(super) enum Order {
    Step(Step),
    Plan(PlanOrder),
    Alone(Alone),
}

impl Order {
    /// Whether revocations may come, go or come out otherwise by it.
    pub(super) const fn changes_outcomes(&self) -> bool {
        match self {
            Self::Step(_) | Self::Plan(_) => true,
            Self::Alone(Alone::Readings(_, plans)) => !plans.is_empty(),
            Self::Alone(Alone::Prune { .. }) => true,
            Self::Alone(Alone::Update(_) | Alone::Reclaim { .. } | Alone::Tally(_)) => false,
        }
    }
}

/// Orders that are rare or bulky enough to need no company.
pub(super) enum Alone {
    Readings(ReadingsOrder, Vec<PlanOrder>),
    Update(UpdateOrder),
    Reclaim { run: RunId, run_no: i64, at_ms: i64 },
    Tally(TallyOrder),
    Prune { before_ms: i64 },
}

/// What came of an order.
#[derive(Debug)]
pub(super) enum Reply {
    Done,
    Stepped(Status, Vec<CallId>),
    Count(u64),
}

impl Reply {
    /// How many there were.
    pub(super) fn count(self) -> Result<u64, JournalError> {
        match self {
            Self::Count(count) => Ok(count),
            other => Err(other.mixed_up()),
        }
    }

    /// The error of an order that got the reply of another one.
    pub(super) fn mixed_up(&self) -> JournalError {
        JournalError::Database(format!("its writer answered another question: {self:?}"))
    }
}

/// An order and where its reply goes once it is durable.
pub(super) struct Envelope {
    pub(super) order: Order,
    pub(super) ack: oneshot::Sender<Result<Reply, JournalError>>,
}

/// The writing connection with all that only it knows.
pub(super) struct Writer {
    pub(super) conn: SqliteConnection,
    name: Name,
    epoch: u64,
    heads: Heads,
    /// Why nothing is written any more.
    poison: Option<String>,
}

/// Takes orders until every sender is gone; `counts` forgets what they change.
pub(super) async fn serve(
    writer: Arc<Mutex<Writer>>,
    mut inbox: mpsc::Receiver<Envelope>,
    counts: Arc<Counts>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while inbox.recv_many(&mut batch, BATCH).await > 0 {
        let (orders, acks): (Vec<_>, Vec<_>) =
            batch.drain(..).map(|envelope| (envelope.order, envelope.ack)).unzip();
        let changes_outcomes = orders.iter().any(Order::changes_outcomes);
        let replies = writer.lock().await.commit(orders, acks.len()).await;
        if changes_outcomes {
            counts.forget();
        }
        for (ack, reply) in acks.into_iter().zip(replies) {
            // Nobody waits for it any more: it is durable all the same.
            let _ = ack.send(reply);
        }
    }
}

impl Writer {
    /// Makes this process the only one whose writes count.
    pub(super) async fn new(name: Name, mut conn: SqliteConnection) -> Result<Self, JournalError> {
        let broken = |error: sqlx::Error| name.unusable(format!("cannot be written: {error}"));
        let mut transaction = conn.begin_with("BEGIN IMMEDIATE").await.map_err(broken)?;
        sqlx::query(sql::EPOCH_NEXT).execute(&mut *transaction).await.map_err(broken)?;
        let epoch: u64 =
            sqlx::query_scalar(sql::EPOCH).fetch_one(&mut *transaction).await.map_err(broken)?;
        transaction.commit().await.map_err(broken)?;
        hit("after-takeover");
        Ok(Self { conn, name, epoch, heads: Heads::new(), poison: None })
    }

    /// Stores a run and its pairs.
    pub(super) async fn begin(
        &mut self,
        run: &NewRun,
        pairs: &PairSet,
    ) -> Result<i64, JournalError> {
        let result = self.try_begin(run, pairs).await;
        self.judged(result)
    }

    async fn try_begin(&mut self, run: &NewRun, pairs: &PairSet) -> Result<i64, JournalError> {
        self.sound()?;
        let mut transaction =
            self.conn.begin_with("BEGIN IMMEDIATE").await.map_err(|error| refused(&error))?;
        fence(&self.name, self.epoch, &mut transaction).await?;
        let taken: Option<i64> = sqlx::query_scalar(sql::RUN_NO)
            .bind(run.id.as_str())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(|error| refused(&error))?;
        if taken.is_some() {
            return Err(self.name.unusable(format!("already holds a run {}", run.id)));
        }
        // Heads of its own: this future may be dropped before the commit.
        let mut heads = Heads::new();
        let mut work = Work::new(&mut transaction, &mut heads, self.epoch);
        let run_no = begin::begin(&mut work, run, pairs).await?;
        work.finish().await?;
        hit("during-begin");
        transaction.commit().await.map_err(|error| refused(&error))?;
        self.heads.extend(heads);
        Ok(run_no)
    }

    /// Carries out a batch in one transaction; one reply for each order.
    async fn commit(
        &mut self,
        orders: Vec<Order>,
        count: usize,
    ) -> Vec<Result<Reply, JournalError>> {
        let result = self.try_commit(orders).await;
        match self.judged(result) {
            Ok(replies) => replies,
            Err(error) => (0..count).map(|_| Err(again(&error))).collect(),
        }
    }

    async fn try_commit(
        &mut self,
        orders: Vec<Order>,
    ) -> Result<Vec<Result<Reply, JournalError>>, JournalError> {
        self.sound()?;
        let mut transaction =
            self.conn.begin_with("BEGIN IMMEDIATE").await.map_err(|error| refused(&error))?;
        fence(&self.name, self.epoch, &mut transaction).await?;
        let mut work = Work::new(&mut transaction, &mut self.heads, self.epoch);
        let replies = carry_out(&mut work, orders).await?;
        work.finish().await?;
        hit("before-commit");
        transaction.commit().await.map_err(|error| refused(&error))?;
        hit("after-commit");
        Ok(replies)
    }

    fn sound(&self) -> Result<(), JournalError> {
        match &self.poison {
            Some(reason) => Err(JournalError::Database(reason.clone())),
            None => Ok(()),
        }
    }

    /// After a refusal of the database nothing more is written: what it lost is not known.
    fn judged<T>(&mut self, result: Result<T, JournalError>) -> Result<T, JournalError> {
        if let Err(error) = &result {
            self.heads.clear();
            if let JournalError::Database(reason) | JournalError::Damaged(reason) = error {
                self.poison.get_or_insert_with(|| reason.clone());
            }
        }
        result
    }
}

/// Refuses to write once another process has taken the journal over.
async fn fence(name: &Name, epoch: u64, conn: &mut SqliteConnection) -> Result<(), JournalError> {
    let now: u64 =
        sqlx::query_scalar(sql::EPOCH).fetch_one(conn).await.map_err(|error| refused(&error))?;
    if now == epoch || planted(Bug::LeaseNotChecked) { Ok(()) } else { Err(name.locked()) }
}

/// The same error for another order of the batch.
fn again(error: &JournalError) -> JournalError {
    match error {
        JournalError::Locked { journal } => JournalError::Locked { journal: journal.clone() },
        JournalError::Damaged(what) => JournalError::Damaged(what.clone()),
        JournalError::Database(what) => JournalError::Database(what.clone()),
        other => JournalError::Database(other.to_string()),
    }
}

/// Orders of one kind that follow each other go together. The outer error is that of the
/// database; an inner one touched nothing.
async fn carry_out(
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
                let stepped = steps::apply(work, &steps).await?.into_iter();
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
                let planned = planning::plan(work, plans).await?.into_iter();
                replies.extend(planned.map(|one| one.map(|()| Reply::Done)));
            }
            Order::Alone(order) => replies.push(carry_out_alone(work, order).await?),
        }
    }
    Ok(replies)
}

async fn carry_out_alone(
    work: &mut Work<'_>,
    order: Alone,
) -> Result<Result<Reply, JournalError>, JournalError> {
    match order {
        Alone::Readings(order, plans) => {
            let mut saved = readings::save(work, order).await?;
            if saved.is_ok() && !plans.is_empty() {
                saved = planning::plan(work, plans).await?.into_iter().collect();
            }
            return Ok(saved.map(|()| Reply::Done));
        }
        Alone::Update(order) => runs::update(work, &order).await?,
        Alone::Tally(order) => tallies::add(work, &order).await?,
        Alone::Reclaim { run, run_no, at_ms } => {
            return Ok(Ok(Reply::Count(steps::reclaim(work, &run, run_no, at_ms).await?)));
        }
        Alone::Prune { before_ms } => {
            return Ok(Ok(Reply::Count(runs::prune(work, before_ms).await?)));
        }
    }
    Ok(Ok(Reply::Done))
}
