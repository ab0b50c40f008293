//! The reader as a whole: places, quoting, spreadsheets' ruins, pieces, fuzz.

mod agreement;

use std::io::{self, Read};

use proptest::prelude::*;

use super::read::{Manner, Plain, read_by};
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

fn in_pieces(bytes: impl Into<Vec<u8>>, piece: usize) -> Parsed {
    read_by(vec![input("f.csv", bytes)], &rules(), Manner { piece, plain: Plain::AtAGlance })
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
fn bom_crlf_blank_lines_and_a_missing_final_newline_are_accepted() {
    let plain = rows(GOOD);
    assert!(plain.errors.is_empty() && plain.pairs.rows.len() == 1, "{plain:?}");
    for text in [
        format!("\u{feff}{HEADER}{GOOD}"),
        format!("{HEADER}{GOOD}").replace('\n', "\r\n"),
        format!("\r\n\n{HEADER}\n  \r\n{GOOD}\n\n"),
        format!("{HEADER}{}", GOOD.trim_end()),
        format!("{HEADER}{}\r", GOOD.trim_end()),
    ] {
        let parsed = parse(text.clone());
        assert_eq!(messages(&parsed), Vec::<String>::new(), "{text:?}");
        assert_eq!(parsed.pairs.content_digest(), plain.pairs.content_digest(), "{text:?}");
    }
}

#[test]
fn lines_are_right_after_crlf_blank_lines_and_notes_of_several_lines() {
    let text = "\r\n\r\nregion,account_a,group_a,account_b,group_b,note\r\n\r\n\
                cn-beijing,1,sg-a,2,sg-b,\"one\r\ntwo\r\nthree\"\r\n\r\n\
                cn-beijing,1,sg-a,2,,x\r\n\r\ncn-nowhere,1,sg-a,2,sg-b,\r\n";
    let parsed = parse(text);
    assert_eq!(places(&parsed), ["9: group_b", "11: region"]);
    assert_eq!(parsed.pairs.rows.iter().next().map(|row| row.line), Some(5));
    assert_eq!(parsed.pairs.notes[&5], "one\r\ntwo\r\nthree");
    assert_eq!(parsed.rows_read, 3);
}

#[test]
fn columns_come_in_any_order_and_optional_ones_may_be_absent() {
    let parsed = parse("group_b,account_b,region,group_a,account_a\nsg-b,2,cn-beijing,sg-a,1\n");
    let mirrored = parse(
        "region,account_a,group_a,account_b,group_b,cloud,direction\ncn-beijing,1,sg-a,2,sg-b,Alibaba,\n",
    );
    assert_eq!(parsed.pairs.rows, mirrored.pairs.rows);
    assert_eq!(parsed.pairs.groups, mirrored.pairs.groups);
    assert_eq!(parsed.pairs.filters, [Filter::default()]);
}

#[test]
fn every_fault_of_a_header_is_told() {
    let parsed = parse("region,acount_a,group_a,group_a,account_b,tint,\ncn-beijing,,,,,,\n");
    assert_eq!(
        places(&parsed),
        ["1: acount_a", "1: group_a", "1: tint", "1: cell 7", "1: account_a", "1: group_b"]
    );
    let messages = messages(&parsed);
    assert!(messages[0].contains("did you mean `account_a`"), "{messages:#?}");
    assert!(messages[2].contains("one of cloud, region"), "{messages:#?}");
    assert_eq!(parsed.rows_read, 0);
}

#[test]
fn wrong_formats_are_told_as_such() {
    let text = format!("{HEADER}{GOOD}");
    only(&parse(text.replace(',', ";")), "1: header", "`;`");
    only(&parse(text.replace(',', "\t")), "1: header", "tabs");
    only(&parse(text.replace('\n', "\r")), "1: header", "carriage return");
    only(&parse(""), "1: header", "no header");
    only(&parse("\n\n"), "1: header", "no header");
    let wide = |bom: &[u8], bytes: fn(u16) -> [u8; 2]| {
        let text = text.encode_utf16().flat_map(bytes);
        bom.iter().copied().chain(text).collect::<Vec<u8>>()
    };
    only(&parse(wide(b"\xFF\xFE", u16::to_le_bytes)), "1: header", "UTF-16");
    only(&parse(wide(b"\xFE\xFF", u16::to_be_bytes)), "1: header", "UTF-16");
    only(&parse(wide(b"", u16::to_le_bytes)), "1: header", "UTF-16");
    only(&parse(wide(b"", u16::to_be_bytes)), "1: header", "UTF-16");
}

#[test]
fn text_that_is_not_utf8_is_told_with_line_and_column() {
    let mut bytes = format!("{HEADER}{GOOD}cn-beijing,1,sg-a,2,sg-b,caf").into_bytes();
    bytes.extend(b"\xE9\n");
    only(&parse(bytes), "3: note", "0xe9");
    only(&rows("cn-beijing,1,sg-a\0,2,sg-b,\n"), "2: group_a", "NUL");
    only(&rows("cn-beijing,1,sg-a,2,sg-b,a\0b\n"), "2: note", "NUL");
}

#[test]
fn spreadsheet_ruins_are_told_as_such() {
    only(&rows("cn-beijing,1.23457E+15,sg-a,2,sg-b,\n"), "2: account_a", "spreadsheet shortened");
    let aws = "cloud,region,account_a,group_a,account_b,group_b\n";
    let row = "aws,us-east-1,1.23457E+11,sg-0a1b2c3d,12345678901,sg-0a1b2c3e\n";
    let parsed = parse(format!("{aws}{row}"));
    assert_eq!(places(&parsed), ["2: account_a", "2: account_b"]);
    assert!(messages(&parsed)[1].contains("leading zeros"));
}

#[test]
fn a_stray_quote_costs_its_own_row_alone() {
    let more = GOOD.repeat(2).replace("sg-b", "sg-c");
    let bad = "cn-beijing,1,\"sg-a,2,sg-b,\n";
    let parsed = rows(&format!("{bad}{more}{bad}cn-beijing,\"1\" ,sg-a,2,sg-b,\n"));
    assert_eq!(places(&parsed), ["2: group_a", "5: group_a", "6: account_a"]);
    assert!(messages(&parsed)[0].contains("a quote opens the cell"));
    assert!(messages(&parsed)[2].contains("closing quote"));
    assert_eq!(parsed.pairs.duplicates, [(4, 3)]);
    assert_eq!(parsed.rows_read, 5);
}

#[test]
fn a_stray_quote_in_a_note_never_swallows_rows_in_silence() {
    let open = "cn-beijing,1,sg-a,2,sg-b,\"oops\n";
    let closed = "cn-beijing,1,sg-a,2,sg-d,oops\"\n";
    let swallowing = rows(&format!("{open}{GOOD}{closed}"));
    assert!(places(&swallowing).contains(&"2: note".to_owned()), "{swallowing:?}");
    only(&rows(&format!("{open}{GOOD}")), "2: note", "the file ends first");
    let endless = format!("{open}{}", GOOD.repeat(200));
    only(&rows(&endless), "2: note", "no note is that long");
}

#[test]
fn rows_need_as_many_cells_as_the_header() {
    let parsed = rows("cn-beijing,1,sg-a,2,sg-b\ncn-beijing,1,sg-a,2,sg-b,a,b\ncn-beijing\n");
    assert_eq!(places(&parsed), ["2: note", "3: cell 7", "4: account_a"]);
    assert!(messages(&parsed)[1].contains("the row has 7 cells, expected 6"));
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
    assert_eq!(parsed.pairs.notes[&dropped], "again");
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

/// Lines of a text, as an editor counts them.
fn line_count(bytes: &[u8]) -> u32 {
    super::part::count_lines(bytes).max(1)
}

fn check_places(bytes: &[u8]) -> Result<(), TestCaseError> {
    let parsed = parse(bytes);
    for error in &parsed.errors {
        prop_assert!((1..=line_count(bytes)).contains(&error.line), "{error} of {bytes:?}");
    }
    for row in parsed.pairs.rows.iter() {
        prop_assert!((1..=line_count(bytes)).contains(&row.line));
    }
    Ok(())
}

fn manifest_bytes() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "cn-beijing",
        "sg-a",
        "sg-b",
        "1",
        "2",
        ",",
        ",",
        ",",
        ",",
        "\n",
        "\n",
        "\r\n",
        "\"",
        "\"\"",
        "\0",
        "ip",
        "é",
        " ",
        "tcp",
        "1/2",
        "1.23457E+15",
        "a@b",
        "cn-beijing,1,sg-a,2,sg-b,\n",
        "cn-beijing,1,sg-c,2,sg-b,\"a\nb\"\r\n",
        "\u{feff}",
        "\r",
        "sg-",
        ";",
    ]);
    prop::collection::vec(words, 0..60)
        .prop_map(|words| format!("{HEADER}{}", words.concat()).into_bytes())
}

/// A manifest with some bytes replaced, put in or taken out.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..6);
    edits.prop_map(|edits| {
        let mut bytes = include_bytes!("../../../sample-data/pairs.csv").to_vec();
        for (at, byte, kind) in edits {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check_places(&bytes)?;
    }

    #[test]
    fn mutated_manifests_never_panic_and_every_error_is_within_the_file(bytes in mutated()) {
        check_places(&bytes)?;
    }

    #[test]
    fn the_size_of_pieces_changes_nothing(bytes in manifest_bytes(), size in 1..200usize) {
        check_places(&bytes)?;
        let whole = parse(bytes.clone());
        let pieces = in_pieces(bytes, size);
        prop_assert_eq!(whole.pairs, pieces.pairs);
        prop_assert_eq!(whole.errors, pieces.errors);
        prop_assert_eq!(whole.rows_read, pieces.rows_read);
    }

    /// What is accepted means the same to a general CSV reader, quoted or not.
    #[test]
    fn accepted_rows_read_alike_with_the_csv_crate(
        notes in prop::collection::vec(("[a-z ,\"\r\n]{0,12}", 0..4u8), 1..8),
        size in 1..200usize,
    ) {
        let mut text = HEADER.to_owned();
        for (note, kind) in &notes {
            let quote = if kind & 1 == 0 { "" } else { "\"" };
            let end = if kind & 2 == 0 { "\n" } else { "\r\n" };
            let note = note.replace('"', "\"\"");
            text.extend([quote, "cn-beijing", quote, ",1,sg-a,2,", quote, "sg-b", quote]);
            text.extend([",\"", &note, "\"", end]);
        }
        let parsed = in_pieces(text.clone(), size);
        prop_assert!(parsed.errors.is_empty(), "{:?}", parsed.errors);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let records: Vec<_> = reader.records().collect::<Result<_, _>>().expect("valid CSV");
        prop_assert_eq!(records.len() as u64, parsed.rows_read);
        let theirs: Vec<&str> =
            records.iter().map(|record| record[5].trim()).filter(|note| !note.is_empty()).collect();
        prop_assert_eq!(parsed.pairs.notes.values().collect::<Vec<_>>(), theirs);
    }
}
