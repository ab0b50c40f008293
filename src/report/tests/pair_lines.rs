//! One line a pair.

use super::rendering::eventful;
use crate::report::{Format, summarize, write_pairs};

async fn rows(format: Format) -> String {
    let journal = eventful();
    let summary = summarize(&journal, &journal.run, "report").await.expect("a summary");
    let summary = summary.with_causes(&journal, &journal.run).await.expect("causes");
    let mut out = Vec::new();
    write_pairs(&journal, &journal.run, &summary, format, &mut out).await.expect("written");
    String::from_utf8(out).expect("UTF-8")
}

#[tokio::test]
async fn every_pair_is_a_line_of_csv_severed_ones_included() {
    let csv = rows(Format::Csv).await;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 7, "{csv}");
    assert!(lines[0].starts_with("pair,note,row,cloud,region,account_a,group_a,account_b,group_b"));
    assert_eq!(lines.iter().filter(|line| line.contains(",severed,")).count(), 1, "{csv}");
    let half = "111/sg-a 222/sg-b,OPS-7,pairs.csv:2,alibaba,cn-beijing,111,sg-a,222,sg-b,\
                half_severed,222/sg-b: 2 rules stand; refused: Forbidden.RAM,2,clean,0,standing,2,0,1,";
    assert!(lines.iter().any(|line| line.starts_with(half)), "{csv}");
    assert!(csv.contains(",'=evil"), "no cell is a formula: {csv}");
}

#[tokio::test]
async fn every_pair_is_an_object_of_json() {
    let json: serde_json::Value = serde_json::from_str(&rows(Format::Json).await).expect("JSON");
    let rows = json["rows"].as_array().expect("a list");
    assert_eq!(rows.len(), 6);
    assert!(rows.iter().all(|row| row["outcome"].is_string() && row["row"].is_string()));
    assert_eq!((&json["pairs"]["total"], &json["head"]), (&6.into(), &"hash-9".into()));
}
