//! Whatever the bytes: no panic, no place outside of the file, nothing that depends on pieces.

use proptest::prelude::*;

use super::*;
use crate::manifest::options::{PlainRows, ReadOptions};
use crate::manifest::part::count_lines;
use crate::manifest::read::read_by;

fn in_pieces(bytes: impl Into<Vec<u8>>, piece: usize) -> Parsed {
    read_by(vec![input("f.csv", bytes)], &rules(), ReadOptions { piece, plain: PlainRows::Quick })
}

/// Lines of a text, as an editor counts them.
fn line_count(bytes: &[u8]) -> u32 {
    count_lines(bytes).max(1)
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
        ",,,,,\n",
        "\u{a0},\"\",\n",
        "1/sg-a",
        "sg\u{2013}a",
        HEADER,
    ]);
    prop::collection::vec(words, 0..60)
        .prop_map(|words| format!("{HEADER}{}", words.concat()).into_bytes())
}

/// Rows in which nothing stands.
const BLANK_ROWS: [&str; 8] =
    ["", ",", ",,,,,", " , ,\t,,\u{a0},", ",,,,,,,,,,,,", ";;;", "\"\",\"\"", "\u{3000}\r"];

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
        prop_assert_eq!((whole.rows_read, whole.bad), (pieces.rows_read, pieces.bad));
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
        let ours: Vec<_> = parsed.pairs.notes.values().map(ToString::to_string).collect();
        prop_assert_eq!(ours, theirs);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_of_empty_cells_change_nothing_but_the_lines(
        rows in prop::collection::vec((0..4usize, 0..3usize, prop::sample::select(BLANK_ROWS.to_vec())), 0..40),
        size in 1..200usize,
    ) {
        let row = |(at, cells, _): &(usize, usize, &str)| {
            let row = ["cn-beijing,1,sg-a,2,sg-b,x", "cn-beijing,1,sg-c,2,sg-b,", "cn-beijing,,sg-a,2,sg-b,", "x"];
            format!("{}{}", row[*at], ",".repeat(if *at < 3 { *cells } else { 0 }))
        };
        let plain = rows.iter().map(|one| row(one) + "\n").collect::<Vec<_>>().concat();
        let sparse = rows.iter().map(|one| row(one) + "\n" + one.2 + "\n").collect::<Vec<_>>().concat();
        let (plain, sparse) = (in_pieces(format!("{HEADER}{plain}"), size), in_pieces(format!("{HEADER}{sparse}"), size));
        prop_assert_eq!(plain.pairs.content_digest(), sparse.pairs.content_digest());
        prop_assert_eq!((plain.rows_read, plain.bad), (sparse.rows_read, sparse.bad));
        let told = |parsed: &Parsed| parsed.errors.iter().map(|error| error.fault.kind()).collect::<Vec<_>>();
        prop_assert_eq!(told(&plain), told(&sparse));
    }

    #[test]
    fn the_separator_changes_nothing(
        rows in prop::collection::vec(prop::collection::vec("[a-z0-9 -]{0,6}|\"[a-z,;\t]{0,6}\"", 4..8), 0..20),
        size in 1..200usize,
    ) {
        let text = |delimiter: &str| {
            let rows = rows.iter().map(|row| row.join(delimiter) + "\n").collect::<Vec<_>>().concat();
            let mut parsed = in_pieces(format!("{}{rows}", HEADER.replace(',', delimiter)), size);
            // Other bytes have another digest.
            parsed.pairs.sources.iter_mut().for_each(|source| source.digest = None);
            parsed
        };
        let comma = text(",");
        for delimiter in [";", "\t"] {
            let other = text(delimiter);
            prop_assert_eq!(&comma.pairs, &other.pairs);
            let told = |parsed: &Parsed| parsed.errors.iter().map(|error| (error.line, error.fault.kind())).collect::<Vec<_>>();
            prop_assert_eq!(told(&comma), told(&other));
        }
    }
}
