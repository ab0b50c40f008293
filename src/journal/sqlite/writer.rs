//! The one writer: orders that wait together are committed together.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::begin::{self, BeginOrder};
use super::connect::Name;
use super::counts::Counts;
use super::order::{Order, Reply, carry_out};
use super::row::{execute, first, get};
use super::sql;
use super::thread::{self, Served};
use super::work::{Heads, Work};
use crate::failpoint::{Bug, hit, planted};
use crate::journal::JournalError;

/// Orders in one transaction at most.
const BATCH: usize = 128;

/// Where the reply to an order goes once it is durable.
type Ack = oneshot::Sender<Result<Reply, JournalError>>;

/// What the writer is sent.
pub(super) enum Message {
    Write(Order, Ack),
    /// A run: in a transaction of its own.
    Begin(BeginOrder, Ack),
}

/// The writing connection with all that only it knows.
pub(super) struct Writer {
    conn: Connection,
    name: Name,
    path: PathBuf,
    epoch: u64,
    heads: Heads,
    counts: Counts,
    /// Why nothing is written any more.
    poison: Option<String>,
}

impl Writer {
    /// Makes this process the only one whose writes count.
    pub(super) fn new(
        name: Name,
        path: PathBuf,
        mut conn: Connection,
        counts: Counts,
    ) -> Result<Self, JournalError> {
        let epoch = take_over(&mut conn).map_err(|error| match error {
            JournalError::Damaged(why) | JournalError::Database(why) => {
                name.unusable(format!("cannot be written: {why}"))
            }
            other => other,
        })?;
        hit("after-takeover");
        Ok(Self { conn, name, path, epoch, heads: Heads::new(), counts, poison: None })
    }

    /// Takes orders until every sender is gone.
    pub(super) fn serve(mut self, mut inbox: mpsc::UnboundedReceiver<Message>) -> Served {
        let mut waiting = Vec::with_capacity(BATCH);
        while inbox.blocking_recv_many(&mut waiting, BATCH) > 0 {
            let (mut orders, mut acks) = (Vec::new(), Vec::new());
            for message in waiting.drain(..) {
                match message {
                    Message::Write(order, ack) => {
                        orders.push(order);
                        acks.push(ack);
                    }
                    Message::Begin(order, ack) => {
                        self.write(std::mem::take(&mut orders), std::mem::take(&mut acks));
                        answer(ack, self.begin(order));
                    }
                }
            }
            self.write(orders, acks);
        }
        thread::close(self.conn)
    }

    /// Carries out orders in one transaction, and answers each.
    fn write(&mut self, orders: Vec<Order>, acks: Vec<Ack>) {
        if orders.is_empty() {
            return;
        }
        let changes_outcomes = orders.iter().any(Order::changes_outcomes);
        let written = self.commit(orders);
        if changes_outcomes {
            self.counts.forget();
        }
        match self.judged(written) {
            Ok(replies) => {
                for (ack, reply) in acks.into_iter().zip(replies) {
                    answer(ack, reply);
                }
            }
            Err(error) => {
                for ack in acks {
                    answer(ack, Err(again(&error)));
                }
            }
        }
    }

    fn commit(
        &mut self,
        orders: Vec<Order>,
    ) -> Result<Vec<Result<Reply, JournalError>>, JournalError> {
        self.sound()?;
        let transaction = fenced(&mut self.conn, (&self.name, &self.path), self.epoch)?;
        let mut work = Work::new(&transaction, &mut self.heads, self.epoch);
        let replies = carry_out(&mut work, orders)?;
        work.finish()?;
        hit("before-commit");
        transaction.commit()?;
        hit("after-commit");
        Ok(replies)
    }

    /// Stores a run and its pairs.
    fn begin(&mut self, order: BeginOrder) -> Result<Reply, JournalError> {
        let begun = self.try_begin(order);
        self.judged(begun).map(|()| Reply::Done)
    }

    fn try_begin(&mut self, order: BeginOrder) -> Result<(), JournalError> {
        self.sound()?;
        let transaction = fenced(&mut self.conn, (&self.name, &self.path), self.epoch)?;
        let id = order.run.id.as_str();
        if first(&transaction, sql::RUN_NO, [id], |row| get::<i64>(row, "no"))?.is_some() {
            return Err(self.name.unusable(format!("already holds a run {id}")));
        }
        // Heads of its own: whoever tells of the run may go away before the commit.
        let mut heads = Heads::new();
        let mut work = Work::new(&transaction, &mut heads, self.epoch);
        if !begin::begin(&mut work, order)? {
            return Ok(());
        }
        work.finish()?;
        hit("during-begin");
        transaction.commit()?;
        self.heads.extend(heads);
        Ok(())
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

fn answer(ack: Ack, reply: Result<Reply, JournalError>) {
    // Nobody waits for it any more: it is durable all the same.
    let _ = ack.send(reply);
}

/// Counts up how often the journal was opened for writing.
fn take_over(conn: &mut Connection) -> Result<u64, JournalError> {
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    execute(&transaction, sql::EPOCH_NEXT, [])?;
    let epoch = epoch(&transaction)?;
    transaction.commit()?;
    Ok(epoch)
}

fn epoch(conn: &Connection) -> Result<u64, JournalError> {
    first(conn, sql::EPOCH, [], |row| get(row, "epoch"))?
        .ok_or_else(|| JournalError::Damaged("it has no epoch".to_owned()))
}

/// A transaction; refused once another process has taken the journal over.
fn fenced<'c>(
    conn: &'c mut Connection,
    (name, path): (&Name, &Path),
    ours: u64,
) -> Result<Transaction<'c>, JournalError> {
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if epoch(&transaction)? == ours || planted(Bug::LeaseNotChecked) {
        Ok(transaction)
    } else {
        Err(name.locked(path))
    }
}

/// The same error for another order of the batch.
fn again(error: &JournalError) -> JournalError {
    match error {
        JournalError::Locked { journal, holder } => {
            JournalError::Locked { journal: journal.clone(), holder: holder.clone() }
        }
        JournalError::Damaged(what) => JournalError::Damaged(what.clone()),
        JournalError::Database(what) => JournalError::Database(what.clone()),
        other => JournalError::Database(other.to_string()),
    }
}
