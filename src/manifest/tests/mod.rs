//! The reader as a whole: what rows mean, and what is wrong with them.

mod agreement;
mod form;
mod kinds;
mod property;
mod sheets;

use std::io::{self, Read};

use super::*;
use crate::model::{Filter, Scope};

const HEADER: &str = "region,account_a,group_a,account_b,group_b,note\n";
const GOOD: &str = "cn-beijing,1111,sg-a,2222,sg-b,\n";

fn input(name: &str, bytes: impl Into<Vec<u8>>) -> ManifestInput {
    ManifestInput { name: name.to_owned(), reader: Box::new(io::Cursor::new(bytes.into())) }
}

fn rules() -> Rules {
    Rules {
        alibaba_regions: ["cn-beijing", "cn-hangzhou"].map(str::to_owned).into(),
        ..Rules::default()
    }
}

fn parse(bytes: impl Into<Vec<u8>>) -> Parsed {
    read(vec![input("f.csv", bytes)], &rules())
}

fn rows(text: &str) -> Parsed {
    parse(format!("{HEADER}{text}"))
}

fn messages(parsed: &Parsed) -> Vec<String> {
    parsed.errors.iter().map(ToString::to_string).collect()
}

/// `LINE: COLUMN` of every error.
fn places(parsed: &Parsed) -> Vec<String> {
    parsed.errors.iter().map(|error| format!("{}: {}", error.line, error.column)).collect()
}

/// The only error, which must hold `part`.
fn only(parsed: &Parsed, place: &str, part: &str) {
    let messages = messages(parsed);
    assert_eq!(messages.len(), 1, "{messages:#?}");
    assert!(messages[0].starts_with(&format!("f.csv:{place}: ")), "{messages:#?}");
    assert!(messages[0].contains(part), "{messages:#?}");
}

#[test]
fn every_bad_cell_of_a_row_is_told_in_the_order_of_the_columns() {
    let parsed = parse("group_a,region,account_b,account_a,group_b\nx,y,,1 2,\n");
    assert_eq!(
        places(&parsed),
        ["2: group_a", "2: region", "2: account_b", "2: account_a", "2: group_b"]
    );
    only(
        &parse("cloud,region,account_a,group_a,account_b,group_b\ngcp,,,,,\n"),
        "2: cloud",
        "alibaba or aws",
    );
}

#[test]
fn the_same_group_on_both_ends_is_an_error() {
    only(&rows("cn-beijing,1,sg-a,1,sg-a,\n"), "2: group_b", "the same group");
    only(&rows("cn-beijing,1,sg-a,2,sg-a,\n"), "2: group_b", "one owner");
}

#[test]
fn names_that_configuration_maps_are_the_same_account_as_their_ids() {
    let mut rules = rules();
    rules.names.insert((Provider::Alibaba, "b@x".to_owned()), "2222".into());
    let text = format!("{HEADER}{GOOD}cn-beijing,1111,sg-a,b@x,sg-b,\n");
    let parsed = read(vec![input("f.csv", text)], &rules);
    assert_eq!(parsed.pairs.duplicates, [(3, 2)]);
}

#[test]
fn several_manifests_make_one_set_with_their_own_names_and_lines() {
    let one = format!("{HEADER}{GOOD}");
    let two = format!("{HEADER}\ncn-beijing,2222,sg-b,1111,sg-a,again\ncn-x,1,sg-a,2,sg-b,\n");
    let inputs = vec![input("a.csv", one), input("bad.csv", "x\n"), input("-", two)];
    let parsed = read(inputs, &rules());
    let (dropped, kept) = parsed.pairs.duplicates[0];
    assert_eq!(parsed.pairs.locate(kept), "a.csv:2");
    assert_eq!(parsed.pairs.locate(dropped), "-:3");
    assert_eq!(parsed.pairs.notes[&dropped].to_string(), "again");
    let last = messages(&parsed).pop().expect("a bad region");
    assert!(last.starts_with("-:4: region: `cn-x` is not a known region, expected "), "{last}");
    assert!(parsed.errors.iter().any(|error| &*error.file == "bad.csv"));
}

#[test]
fn rows_that_narrow_one_pair_add_up() {
    let header = "region,account_a,group_a,account_b,group_b,direction,ip_protocol,port_range\n";
    let pair = "cn-beijing,1,sg-a,2,sg-b";
    let parsed =
        parse(format!("{header}{pair},,,\n{pair},ingress,TCP,22/22\n{pair},Ingress,6,22/22\n"));
    assert_eq!(messages(&parsed), Vec::<String>::new());
    assert_eq!((parsed.pairs.rows.len(), parsed.pairs.pair_count()), (2, 1));
    assert_eq!(parsed.pairs.duplicates, [(4, 3)]);
    assert!(parsed.pairs.filters.iter().any(|filter| filter.direction == Scope::Ingress));
}

#[test]
fn more_narrowings_than_numbers_are_refused_by_row() {
    use std::fmt::Write as _;
    let mut text = "region,account_a,group_a,account_b,group_b,port_range\n".to_owned();
    for at in 0..=u32::from(u16::MAX) {
        let (from, to) = (1 + at % 65535, if at < 65535 { 65535 } else { 1 });
        writeln!(text, "cn-beijing,1,sg-a,2,sg-b,{from}/{to}").expect("memory");
    }
    let parsed = parse(text);
    only(&parsed, "65537: row", "narrowings");
    assert_eq!(parsed.pairs.rows.len(), 65535);
}

#[test]
fn a_file_that_cannot_be_read_is_told_apart_from_bad_rows() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let reader = io::Read::chain(io::Cursor::new(format!("{HEADER}{GOOD}cn-b")), Failing);
    let file = ManifestInput { name: "f.csv".to_owned(), reader: Box::new(reader) };
    let parsed = read(vec![file], &rules());
    only(&parsed, "3: file", "the disk is gone");
    assert!(parsed.unreadable().is_some());
    assert_eq!(parsed.pairs.rows.len(), 1);
}

#[test]
fn a_line_without_end_is_refused_without_reading_it_all() {
    let reader = io::Read::chain(io::Cursor::new(format!("{HEADER}{GOOD}")), io::repeat(b'x'));
    let file = ManifestInput { name: "f.csv".to_owned(), reader: Box::new(reader) };
    only(&read(vec![file], &rules()), "3: row", "longer than");
}

#[test]
fn hostile_text_in_names_and_values_is_escaped() {
    let parsed = read(vec![input("a\x1b[2J.csv", "re\x1bgion\n")], &rules());
    assert!(parsed.errors.iter().all(|error| !error.to_string().contains('\x1b')), "{parsed:?}");
}
