//! Manifests that a real spreadsheet has saved. `UNPAIR_SOFFICE` names a `LibreOffice` with Calc,
//! which tests/all.sh installs; the tests are ignored unless they are asked for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use unpair::manifest::{ManifestInput, Parsed, Rules, read};
use unpair::model::PairSet;

/// What Calc calls its CSV filter; its options follow a colon: separator, quote, character set,
/// first line, columns, language, quotes around all text, cells as shown.
const CSV: &str = "csv:Text - txt - csv (StarCalc)";
const UTF8: u16 = 76;
const UTF16: u16 = 65535;
const GB18030: u16 = 85;
const WINDOWS_1252: u16 = 1;

/// A cell as somebody typed it.
#[derive(Clone, Copy)]
enum Cell {
    Text(&'static str),
    /// The spreadsheet took it for a number.
    Number(&'static str),
    Empty,
}
use Cell::{Empty, Number, Text};

const HEADER: [Cell; 7] = [
    Text("region"),
    Text("account_a"),
    Text("group_a"),
    Text("account_b"),
    Text("group_b"),
    Text("port_range"),
    Text("note"),
];
const WEB: [Cell; 7] = [
    Text("cn-beijing"),
    Text("1234567890123401"),
    Text("sg-bp1azkttqpldxgtedxyz"),
    Text("b@aliyun.com"),
    Text("sg-bp15ed6xe1yxeycg7xyz"),
    Text("8/8"),
    Empty,
];
const NOTED: [Cell; 7] = [
    Text("cn-beijing"),
    Text("1234567890123401"),
    Text("sg-bp1azkttqpldxgtedxyz"),
    Text("1234567890123402"),
    Text("sg-a"),
    Empty,
    Text("said \"stop\", then left; in May"),
];

/// The manifest of those rows, as a person would write it.
const PLAIN: &str = "region,account_a,group_a,account_b,group_b,port_range,note\n\
    cn-beijing,1234567890123401,sg-bp1azkttqpldxgtedxyz,b@aliyun.com,sg-bp15ed6xe1yxeycg7xyz,8/8,\n\
    cn-beijing,1234567890123401,sg-bp1azkttqpldxgtedxyz,1234567890123402,sg-a,,\
    \"said \"\"stop\"\", then left; in May\"\n";

/// A spreadsheet program with a profile of its own.
struct Calc {
    program: PathBuf,
    folder: tempfile::TempDir,
}

impl Calc {
    /// The program that the environment names, with a profile of its own.
    fn find() -> Self {
        let program = std::env::var_os("UNPAIR_SOFFICE");
        let program = program.expect("UNPAIR_SOFFICE names a LibreOffice; tests/all.sh sets it");
        Self { program: program.into(), folder: tempfile::tempdir().expect("a folder") }
    }

    /// The bytes of `source`, a file of this name, as saved in the form `to`; `from` is how it is
    /// opened.
    fn saved(&self, source: &str, content: &[u8], from: Option<&str>, to: &str) -> Vec<u8> {
        let (folder, out) = (self.folder.path(), self.folder.path().join("out"));
        let path = folder.join(source);
        fs::write(&path, content).expect("a source");
        let profile = format!("-env:UserInstallation=file://{}/profile", folder.display());
        let mut command = Command::new(&self.program);
        command.args([&profile, "--headless", "--convert-to", to, "--outdir"]).arg(&out);
        let output = command
            .args(from.map(|filter| format!("--infilter={filter}")))
            .arg(&path)
            .env("HOME", folder)
            .stdin(Stdio::null())
            .output()
            .expect("the spreadsheet program starts");
        let ending = to.split(':').next().expect("an ending");
        fs::read(out.join(Path::new(source).with_extension(ending))).unwrap_or_else(|error| {
            panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
        })
    }

    /// Rows, saved as CSV in some manner.
    fn csv(&self, rows: &[[Cell; 7]], separator: char, set: u16, quotes_all: bool) -> Vec<u8> {
        let separator = u32::from(separator);
        let to = format!("{CSV}:{separator},34,{set},1,,0,{quotes_all},true");
        self.saved("pairs.fods", sheet(rows).as_bytes(), None, &to)
    }
}

/// A workbook of one sheet, as one XML file.
fn sheet(rows: &[[Cell; 7]]) -> String {
    let name = "urn:oasis:names:tc:opendocument:xmlns";
    let cell = |cell: &Cell| match cell {
        Empty => "<table:table-cell/>".to_owned(),
        Number(value) => {
            format!("<table:table-cell office:value-type=\"float\" office:value=\"{value}\"/>")
        }
        Text(text) => format!(
            "<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>"
        ),
    };
    let row = |row: &[Cell; 7]| {
        let cells: String = row.iter().map(cell).collect();
        format!("<table:table-row>{cells}</table:table-row>")
    };
    let rows: String = rows.iter().map(row).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <office:document xmlns:office=\"{name}:office:1.0\" xmlns:table=\"{name}:table:1.0\" \
         xmlns:text=\"{name}:text:1.0\" office:version=\"1.3\" \
         office:mimetype=\"application/vnd.oasis.opendocument.spreadsheet\"><office:body>\
         <office:spreadsheet><table:table table:name=\"pairs\">{rows}</table:table>\
         </office:spreadsheet></office:body></office:document>"
    )
}

fn parse(bytes: &[u8]) -> Parsed {
    let reader = Box::new(std::io::Cursor::new(bytes.to_vec()));
    read(vec![ManifestInput { name: "pairs.csv".to_owned(), reader }], &Rules::default())
}

fn messages(bytes: &[u8]) -> Vec<String> {
    parse(bytes).errors.iter().map(ToString::to_string).collect()
}

/// The only error of a file, which must hold `part`.
fn only(bytes: &[u8], part: &str) {
    let messages = messages(bytes);
    assert!(matches!(&messages[..], [only] if only.contains(part)), "{part}: {messages:#?}");
}

#[test]
#[ignore = "needs UNPAIR_SOFFICE, which tests/all.sh sets"]
fn what_is_saved_with_any_separator_and_quotes_is_the_manifest_that_was_typed() {
    let calc = Calc::find();
    let plain = parse(PLAIN.as_bytes());
    assert!(plain.errors.is_empty() && plain.pairs.rows.len() == 2, "{plain:?}");
    for (separator, quotes_all) in [(',', false), (',', true), (';', false), ('\t', true)] {
        let saved = calc.csv(&[HEADER, WEB, NOTED], separator, UTF8, quotes_all);
        let read = parse(&saved);
        let text = String::from_utf8_lossy(&saved);
        assert!(read.errors.is_empty(), "{:?}\n{text}", read.errors);
        assert_eq!(without_digests(read.pairs), without_digests(plain.pairs.clone()), "{text}");
    }
}

/// What a manifest says, whatever its bytes are.
fn without_digests(mut pairs: PairSet) -> PairSet {
    pairs.sources.iter_mut().for_each(|source| source.digest = None);
    pairs
}

#[test]
#[ignore = "needs UNPAIR_SOFFICE, which tests/all.sh sets"]
fn rows_and_columns_that_were_emptied_change_nothing() {
    let calc = Calc::find();
    let blank = [Text(" "), Empty, Empty, Empty, Empty, Empty, Empty];
    let saved =
        calc.csv(&[[Empty; 7], HEADER, [Empty; 7], WEB, blank, NOTED, blank], ',', UTF8, false);
    let read = parse(&saved);
    assert!(read.errors.is_empty(), "{:?}", read.errors);
    assert_eq!((read.rows_read, read.pairs.pair_count()), (2, 2));
    assert_eq!(read.pairs.content_digest(), parse(PLAIN.as_bytes()).pairs.content_digest());
}

#[test]
#[ignore = "needs UNPAIR_SOFFICE, which tests/all.sh sets"]
fn encodings_other_than_utf8_are_told_as_what_they_are() {
    let calc = Calc::find();
    let with_note = |note| {
        let mut row = NOTED;
        row[6] = Text(note);
        row
    };
    only(&calc.csv(&[HEADER, WEB], '\t', UTF16, false), "the file is UTF-16");
    let chinese = calc.csv(&[HEADER, with_note("客户离场")], ',', GB18030, false);
    only(&chinese, "is not UTF-8 (GBK, as `CSV` in Chinese?)");
    let western = calc.csv(&[HEADER, with_note("für Müller")], ',', WINDOWS_1252, false);
    only(&western, "is not UTF-8 (an older encoding, as windows-1252?)");
}

#[test]
#[ignore = "needs UNPAIR_SOFFICE, which tests/all.sh sets"]
fn workbooks_are_told_as_what_they_are() {
    let calc = Calc::find();
    let source = sheet(&[HEADER, WEB]);
    let saved = |to| calc.saved("pairs.fods", source.as_bytes(), None, to);
    only(&saved("xlsx"), "the file is a workbook (.xlsx)");
    only(&saved("ods"), "the file is a workbook (.ods)");
    only(&saved("xls"), "the file is an old or encrypted workbook (.xls)");
    only(&saved("html"), "the file is an HTML page");
    only(source.as_bytes(), "the file is XML");
}

#[test]
#[ignore = "needs UNPAIR_SOFFICE, which tests/all.sh sets"]
fn numbers_that_a_spreadsheet_took_for_numbers_are_told_or_whole_and_never_another_account() {
    let calc = Calc::find();
    let mut row = NOTED;
    row[1] = Number("1234567890123401");
    let told = messages(&calc.csv(&[HEADER, row], ',', UTF8, false));
    let shortened = "account_a: `1.23456789012340E+15` is a number that a spreadsheet shortened";
    let is_whole = told.is_empty();
    assert!(is_whole || told[0].contains(shortened) || told[0].contains("E+15"), "{told:#?}");
    let read = parse(&calc.csv(&[HEADER, row], ',', UTF8, false));
    for group in read.pairs.groups.iter() {
        assert!(group.account.as_str().starts_with("12345678901234"), "{group}");
        assert!(PLAIN.contains(group.account.as_str()), "{group}");
    }
}

#[test]
#[ignore = "needs UNPAIR_SOFFICE, which tests/all.sh sets"]
fn a_manifest_that_was_opened_and_saved_again_tells_the_zeros_and_ranges_that_were_lost() {
    let calc = Calc::find();
    let typed = "cloud,region,account_a,group_a,account_b,group_b,port_range\n\
                 aws,us-east-1,012345678901,sg-0a1b2c3d,123456789012,sg-0a1b2c3e,8/8\n";
    assert!(messages(typed.as_bytes()).is_empty());
    // Opened as in English, where numbers and dates are looked for.
    let from = "CSV:44,34,76,1,,1033,false,true";
    let to = format!("{CSV}:44,34,{UTF8},1,,0,false,true");
    let told = messages(&calc.saved("pairs.csv", typed.as_bytes(), Some(from), &to));
    assert!(told[0].contains("account_a: `12345678901` has fewer than 12 digits"), "{told:#?}");
    assert!(told[1].contains("a date that a spreadsheet made of a range"), "{told:#?}");
}
