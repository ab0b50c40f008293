//! Files in the forms in which spreadsheets save them.

use super::*;

/// A manifest whose rows hold what the forms differ in.
const LINES: [[&str; 6]; 3] = [
    ["region", "account_a", "group_a", "account_b", "group_b", "note"],
    ["cn-beijing", "1234567890123401", "sg-a", "b@aliyun.com", "sg-b", ""],
    ["cn-beijing", "1234567890123401", "sg-a", "1234567890123402", "sg-c", "of May"],
];

fn lines(delimiter: &str, end: &str) -> String {
    LINES.iter().map(|line| line.join(delimiter) + end).collect()
}

fn same_as_plain(bytes: impl Into<Vec<u8>>) {
    let (plain, other) = (parse(lines(",", "\n")), parse(bytes));
    assert_eq!(messages(&other), Vec::<String>::new());
    assert_eq!(plain.pairs.content_digest(), other.pairs.content_digest());
    assert_eq!(
        plain.pairs.notes.values().collect::<Vec<_>>(),
        other.pairs.notes.values().collect::<Vec<_>>()
    );
}

/// UTF-16 with its mark, as Excel's "Unicode Text".
fn unicode_text(text: &str) -> Vec<u8> {
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn excel_saves_utf8_with_a_bom_and_crlf() {
    same_as_plain(format!("\u{feff}{}", lines(",", "\r\n")));
}

#[test]
fn excel_in_german_and_french_separates_by_semicolons() {
    same_as_plain(format!("\u{feff}{}", lines(";", "\r\n")));
    same_as_plain(format!("sep=;\r\n{}", lines(";", "\r\n")));
}

#[test]
fn excel_is_told_the_separator_by_a_first_line() {
    same_as_plain(format!("sep=,\r\n{}", lines(",", "\r\n")));
    same_as_plain(format!("\u{feff}\"sep=,\"\n{}", lines(",", "\n")));
}

#[test]
fn tabs_come_from_the_clipboard() {
    same_as_plain(lines("\t", "\n"));
}

#[test]
fn excel_saves_unicode_text_as_utf16() {
    only(
        &parse(unicode_text(&lines("\t", "\r\n"))),
        "1: file",
        "UTF-16, expected CSV in UTF-8: save it as `CSV UTF-8`",
    );
}

#[test]
fn excel_saves_csv_in_the_code_page_of_the_system() {
    let mut western = lines(",", "\r\n").into_bytes();
    western.extend(b"cn-beijing,1,sg-a,2,sg-b,f\xFCr M\xFCller\r\n");
    only(
        &parse(western),
        "4: note",
        "byte 0xfc is not UTF-8 (an older encoding, as windows-1252?)",
    );
    let mut chinese = lines(",", "\r\n").into_bytes();
    chinese.extend(b"cn-beijing,1,sg-a,2,sg-b,\xBF\xCD\xBB\xA7\r\n");
    only(&parse(chinese), "4: note", "byte 0xbf is not UTF-8 (GBK, as `CSV` in Chinese?)");
}

#[test]
fn numbers_leaves_empty_columns_and_rows_behind() {
    let rows = LINES.map(|line| format!("{},,\r\n", line.join(","))).concat();
    same_as_plain(format!("{rows},,,,,,,\r\n,,,,,,,"));
}

#[test]
fn a_spreadsheet_ruins_long_numbers_zeros_and_ranges_and_each_is_told() {
    let header = "cloud,region,account_a,group_a,account_b,group_b,port_range\r\n";
    let ruined = "aws,us-east-1,1.23457E+11,sg-0a1b2c3d,12345678901,sg-0a1b2c3e,8-Aug\r\n";
    let parsed = parse(format!("{header}{ruined}"));
    assert_eq!(places(&parsed), ["2: account_a", "2: account_b", "2: port_range"]);
    let messages = messages(&parsed);
    assert!(messages[0].contains("a number that a spreadsheet shortened"), "{messages:#?}");
    assert!(messages[1].contains("leading zeros"), "{messages:#?}");
    assert!(
        messages[2].contains("a date that a spreadsheet made of a range (was `8/8` meant?)"),
        "{messages:#?}"
    );
}

#[test]
fn chinese_input_methods_write_wide_forms_and_each_is_told() {
    let wide = "cn-beijing\u{ff0c}1111\u{ff0c}sg-a\u{ff0c}2222\u{ff0c}sg-b\u{ff0c}\n";
    only(&rows(wide), "2: account_a", "a full-width comma (U+FF0C)");
    let id = "cn-beijing,\u{ff11}\u{ff12},sg-a,\u{2019}123456789012,\u{ff53}g-b,\n";
    let parsed = rows(id);
    assert_eq!(places(&parsed), ["2: account_a", "2: account_b", "2: group_b"]);
    let messages = messages(&parsed);
    assert!(messages[1].contains("(was `123456789012` meant?)"), "{messages:#?}");
    assert!(messages[2].contains("a full-width letter (U+FF53) where `s` was expected, as character 1 (was `sg-b` meant?)"), "{messages:#?}");
}
