//! The one writer: orders that wait together are committed together.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::begin::{self, BeginOrder};
use super::commit::{Ends, WriteTransaction};
use super::connect::Name;
use super::row::{execute, first, get};
use super::run_history::{self, HeadOrder};
use super::sql;
use super::thread::{self, Served};
use crate::failpoint::{Bug, hit, planted};
use crate::journal::JournalError;
use crate::journal::ledger::Commit;
use crate::model::RunId;

/// Orders in one transaction at most.
const BATCH: usize = 128;

/// Where the reply to an order goes once it is durable.
pub(super) type Ack = oneshot::Sender<Result<(), JournalError>>;

/// What the writer is sent.
pub(super) enum Message {
    Write(Order, Ack),
    /// A run: in a transaction of its own.
    Begin(BeginOrder, Ack),
}

/// One thing to be written.
pub(super) enum Order {
    Commit(Box<Commit>),
    Head(HeadOrder),
    /// Runs that go with all their rows.
    Drop(Vec<RunId>),
    /// The file may have so many pages: what a full disk is to a test.
    #[cfg(test)]
    Limit(u32),
}

/// The writing connection with all that only it knows.
pub(super) struct Writer {
    conn: Connection,
    name: Name,
    path: PathBuf,
    epoch: u64,
    ends: Ends,
    /// Why nothing is written any more.
    poison: Option<String>,
}

impl Writer {
    /// Makes this process the only one whose writes count.
    pub(super) fn new(
        name: Name,
        path: PathBuf,
        mut conn: Connection,
    ) -> Result<Self, JournalError> {
        let epoch = take_over(&mut conn).map_err(|error| match error {
            JournalError::Damaged(why) | JournalError::Database(why) => {
                name.unusable(format!("cannot be written: {why}"))
            }
            other => other,
        })?;
        hit("after-takeover");
        Ok(Self { conn, name, path, epoch, ends: Ends::new(), poison: None })
    }

    /// How often the journal was opened for writing, this time included.
    pub(super) const fn epoch(&self) -> u64 {
        self.epoch
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
        let written = self.commit(orders);
        match self.judged(written) {
            Ok(replies) => {
                for (ack, reply) in acks.into_iter().zip(replies) {
                    answer(ack, reply);
                }
            }
            Err(error) => {
                for ack in acks {
                    answer(ack, Err(error.again()));
                }
            }
        }
    }

    fn commit(
        &mut self,
        orders: Vec<Order>,
    ) -> Result<Vec<Result<(), JournalError>>, JournalError> {
        self.sound()?;
        let transaction = fenced(&mut self.conn, (&self.name, &self.path), self.epoch)?;
        let mut work = WriteTransaction::new(&transaction, &mut self.ends, self.epoch);
        let replies = orders.into_iter().map(|order| carry_out(&mut work, order));
        let replies = replies.collect::<Result<Vec<_>, _>>()?;
        work.finish()?;
        hit("before-commit");
        transaction.commit()?;
        hit("after-commit");
        Ok(replies)
    }

    /// Stores a run and its pairs.
    fn begin(&mut self, order: BeginOrder) -> Result<(), JournalError> {
        let begun = self.try_begin(order);
        self.judged(begun)
    }

    fn try_begin(&mut self, order: BeginOrder) -> Result<(), JournalError> {
        self.sound()?;
        let transaction = fenced(&mut self.conn, (&self.name, &self.path), self.epoch)?;
        let id = order.run.id.as_str();
        if first(&transaction, sql::RUN_NO, [id], |row| get::<i64>(row, "no"))?.is_some() {
            return Err(self.name.unusable(format!("already holds a run {id}")));
        }
        let mut work = WriteTransaction::new(&transaction, &mut self.ends, self.epoch);
        // Whoever tells of the run may go away before its end.
        if !begin::begin(&mut work, order)? {
            return Ok(());
        }
        hit("during-begin");
        transaction.commit()?;
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
            self.ends.clear();
            if let JournalError::Database(reason) | JournalError::Damaged(reason) = error {
                self.poison.get_or_insert_with(|| reason.clone());
            }
        }
        result
    }
}

/// Writes one order; the inner error touched nothing.
fn carry_out(
    work: &mut WriteTransaction<'_>,
    order: Order,
) -> Result<Result<(), JournalError>, JournalError> {
    match order {
        Order::Commit(commit) => return work.add(*commit),
        Order::Head(order) => return run_history::change(work, &order),
        Order::Drop(runs) => {
            for run in runs {
                execute(work.conn, sql::RUN_DROP, [run.as_str()])?;
            }
        }
        #[cfg(test)]
        Order::Limit(pages) => {
            work.conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
        }
    }
    Ok(Ok(()))
}

fn answer(ack: Ack, reply: Result<(), JournalError>) {
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
