//! Every column of every table of the schema, edited; every row dropped, doubled and swapped.

use super::check::{UNGUARDED, lived};
use super::fixture::{Place, deferred, run_id, send, with_call};
use crate::journal::check::{CheckReport, Followed};
use crate::journal::ledger::lane_genesis;
use crate::journal::{Chain, HistoryRow, check};

/// Tables and columns that need not be covered, each with the reason.
const EXEMPT: [(&str, &str, &str); 2] = [
    ("journal", "one", "the schema allows a single value"),
    ("journal", "epoch", "a higher one only fences off; a lower one is found, see below"),
];

fn is_exempt(table: &str, column: &str) -> bool {
    EXEMPT.iter().any(|(of, name, _)| *of == table && [column, "*"].contains(name))
}

/// A table with its columns and the columns of its primary key.
struct Shape {
    name: String,
    /// With their types; generated ones are not stored.
    columns: Vec<(String, String)>,
    key: Vec<String>,
    rows: usize,
}

impl Shape {
    fn of(place: &Place, name: &str) -> Self {
        let info = format!("FROM pragma_table_xinfo('{name}') WHERE hidden = 0");
        let names = place.texts(&format!("SELECT name {info} ORDER BY cid"));
        let types = place.texts(&format!("SELECT type {info} ORDER BY cid"));
        let key = place.texts(&format!("SELECT name {info} AND pk > 0 ORDER BY pk"));
        let rows = place.texts(&format!("SELECT 'row' FROM \"{name}\"")).len();
        Self { name: name.to_owned(), columns: names.into_iter().zip(types).collect(), key, rows }
    }

    /// The condition that is true of the `nth` row alone.
    fn is_nth(&self, nth: usize) -> String {
        let (name, key) = (&self.name, self.key.join(", "));
        format!("({key}) = (SELECT {key} FROM {name} ORDER BY {key} LIMIT 1 OFFSET {nth})")
    }

    /// Another value of a column.
    fn other(&self, column: &str) -> String {
        let (_, kind) = self.columns.iter().find(|(name, _)| name == column).expect("a column");
        match kind.as_str() {
            // The schema reads it as JSON.
            "TEXT" if column == "options" => "json_set(options, '$.tool', '9')".to_owned(),
            "INTEGER" => format!("coalesce({column}, 0) + 1000"),
            "TEXT" => format!("coalesce({column}, '') || 'x'"),
            "BLOB" => format!("CAST({column} || x'00' AS BLOB)"),
            kind => panic!("a column of type {kind}"),
        }
    }

    fn edits(&self) -> Vec<String> {
        let covered = self.columns.iter().filter(|(column, _)| !is_exempt(&self.name, column));
        let rows = |(column, _): &(String, String)| {
            let set = format!("UPDATE {} SET {column} = {}", self.name, self.other(column));
            (0..self.rows)
                .map(|nth| format!("{set} WHERE {}", self.is_nth(nth)))
                .collect::<Vec<_>>()
        };
        covered.flat_map(rows).collect()
    }

    fn drops(&self) -> Vec<String> {
        let drop = |nth| format!("DELETE FROM {} WHERE {}", self.name, self.is_nth(nth));
        (0..self.rows).map(drop).collect()
    }

    /// Each row once more, under another key.
    fn doubles(&self) -> Vec<String> {
        let last = self.key.last().expect("a primary key");
        let value = |column: &String| {
            // The number of a run is its key, and its id is unique as well.
            let is_other = column == last || (self.name == "run" && column == "id");
            if is_other { self.other(column) } else { column.clone() }
        };
        let names: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        let values: Vec<String> = names.iter().map(value).collect();
        let (name, names, values) = (&self.name, names.join(", "), values.join(", "));
        let double = |nth| {
            let is_nth = self.is_nth(nth);
            format!("INSERT INTO {name} ({names}) SELECT {values} FROM {name} WHERE {is_nth}")
        };
        (0..self.rows).map(double).collect()
    }

    /// Each row and the one after it exchange all but their keys, unless that changes nothing.
    fn swaps(&self, place: &Place) -> Vec<String> {
        let name = &self.name;
        let content: Vec<&String> = self
            .columns
            .iter()
            .map(|(column, _)| column)
            .filter(|c| !self.key.contains(c))
            .collect();
        let list = |prefix: &str, names: &[&String]| {
            names.iter().map(|name| format!("{prefix}{name}")).collect::<Vec<_>>().join(", ")
        };
        let key: Vec<&String> = self.key.iter().collect();
        let (into_key, into_content) = (list("", &key), list("", &content));
        let (from_key, from_content) = (list("one.", &key), list("other.", &content));
        let mut swaps = Vec::new();
        for nth in 1..self.rows {
            let both = format!("{} OR {}", self.is_nth(nth - 1), self.is_nth(nth));
            let distinct = format!(
                "SELECT json_array(a) FROM (SELECT DISTINCT {} AS a FROM {name} WHERE {both})",
                content
                    .iter()
                    .map(|column| format!("quote({column})"))
                    .collect::<Vec<_>>()
                    .join("||")
            );
            if place.texts(&distinct).len() == 2 {
                swaps.push(format!(
                    "CREATE TEMP TABLE swap AS SELECT * FROM {name} WHERE {both};
                     INSERT OR REPLACE INTO {name} ({into_key}, {into_content})
                     SELECT {from_key}, {from_content} FROM swap one, swap other
                     WHERE one.rowid <> other.rowid;"
                ));
            }
        }
        swaps
    }
}

/// Whether the check of all runs, as the command makes it, finds anything.
async fn is_found(place: &Place) -> bool {
    let journal = place.read().await;
    let Ok(runs) = journal.runs().await else { return true };
    let mut is_found = runs.is_empty();
    for run in runs {
        is_found |= !check(&*journal, &run.new.id).await.expect("checked").bad.is_empty();
    }
    journal.close().await.expect("closed");
    is_found
}

#[tokio::test]
async fn every_row_of_every_table_that_is_edited_dropped_added_or_swapped_is_found() {
    let (place, _) = lived().await;
    place.edit(UNGUARDED);
    assert!(!is_found(&place).await, "nothing was edited");
    let tables = place.texts("SELECT name FROM sqlite_schema WHERE type = 'table'");
    let (mut missed, mut count) = (Vec::new(), 0);
    for table in tables.iter().filter(|table| !is_exempt(table, "")) {
        let shape = Shape::of(&place, table);
        assert!(shape.rows > 0, "{table}: a row to edit");
        let mut edits = [shape.edits(), shape.drops()].concat();
        edits.extend(shape.swaps(&place));
        if table != "journal" {
            edits.extend(shape.doubles());
        }
        count += edits.len();
        for edit in edits {
            let copy = place.copy();
            copy.edit(&edit);
            if !is_found(&copy).await {
                missed.push(edit);
            }
        }
    }
    println!("{count} edits of {} tables", tables.len());
    assert_eq!(missed, [""; 0]);
}

#[tokio::test]
async fn an_epoch_below_that_of_a_written_row_is_found() {
    let (place, _) = lived().await;
    place.edit("UPDATE journal SET epoch = epoch - 1");
    assert!(is_found(&place).await);
}

/// A lane's history of 499 rows.
async fn long_history() -> Vec<HistoryRow> {
    let place = Place::new();
    let journal = place.open().await;
    with_call(&journal, &["sgr-1"]).await;
    for _ in 0..249 {
        send(&journal, 1, "token-1", 2_000, &deferred(0)).await;
    }
    let rows = journal.history(&run_id(), Chain::Lane(0), 0, 1_000).await.expect("a history");
    journal.close().await.expect("closed");
    rows
}

/// What the chain finds in rows that follow what it saw.
fn found(mut chain: Followed, rows: &[HistoryRow]) -> bool {
    let mut report = CheckReport::default();
    rows.iter().any(|row| {
        chain.take(row, &mut report);
        !report.bad.is_empty()
    })
}

#[tokio::test]
async fn every_edit_of_every_row_of_a_long_history_is_found() {
    let rows = long_history().await;
    assert_eq!(rows.len(), 499);
    let genesis = lane_genesis(run_id().as_str(), 0);
    let mut chain = Followed::new(Chain::Lane(0), genesis);
    let mut heads = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let rest = &rows[at..];
        let edited = |edit: fn(&mut HistoryRow)| {
            let mut one = row.clone();
            edit(&mut one);
            [&[one], &rest[1..]].concat()
        };
        let edits = [
            edited(|row| row.at_ms += 1),
            edited(|row| row.body.push(' ')),
            edited(|row| row.kind.push('x')),
            edited(|row| row.epoch += 1),
            edited(|row| row.hash = row.hash.replace(['0', '1'], "2")),
        ];
        for (n, edit) in edits.iter().enumerate() {
            assert!(found(chain.clone(), edit), "edit {n} of row {}", row.seq);
        }
        if let [this, next, later @ ..] = rest {
            assert!(found(chain.clone(), &rest[1..]), "row {} is dropped", row.seq);
            let doubled = [&[this.clone(), this.clone()], &rest[1..]].concat();
            assert!(found(chain.clone(), &doubled), "row {} is there twice", row.seq);
            let swapped = [&[next.clone(), this.clone()], later].concat();
            assert!(found(chain.clone(), &swapped), "row {} is swapped", row.seq);
        }
        let mut report = CheckReport::default();
        chain.take(row, &mut report);
        assert_eq!(report.bad, [""; 0], "the row as it is");
        heads.push(row.hash.clone());
    }
    let last = heads.pop().expect("a head");
    assert!(!heads.contains(&last), "a tail that is cut leaves another head");
}
