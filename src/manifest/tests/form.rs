//! The form of a file: encoding, line ends, quotes, header, cells.

use super::*;

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
    assert_eq!(parsed.pairs.notes[&5].to_string(), "one\r\ntwo\r\nthree");
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
    let parsed = parse("region,acount_a,group_a,group_a,account_b,,tint\ncn-beijing,,,,,,\n");
    assert_eq!(
        places(&parsed),
        ["1: acount_a", "1: group_a", "1: cell 6", "1: tint", "1: account_a", "1: group_b"]
    );
    let messages = messages(&parsed);
    assert!(messages[0].contains("did you mean `account_a`"), "{messages:#?}");
    assert!(messages[3].contains("one of cloud, region"), "{messages:#?}");
    assert_eq!(parsed.rows_read, 0);
}

#[test]
fn wrong_formats_are_told_as_such() {
    let text = format!("{HEADER}{GOOD}");
    only(&parse(text.replace(',', "|")), "1: header", "`|`");
    only(&parse(text.replace(',', "\u{ff0c}")), "1: header", "full-width commas (U+FF0C)");
    only(&parse(text.replace('\n', "\r")), "1: header", "carriage return");
    only(&parse(""), "1: header", "no header");
    only(&parse("\n\n"), "1: header", "no header");
    let wide = |bom: &[u8], bytes: fn(u16) -> [u8; 2]| {
        let text = text.encode_utf16().flat_map(bytes);
        bom.iter().copied().chain(text).collect::<Vec<u8>>()
    };
    only(&parse(wide(b"\xFF\xFE", u16::to_le_bytes)), "1: file", "UTF-16");
    only(&parse(wide(b"\xFE\xFF", u16::to_be_bytes)), "1: file", "UTF-16");
    only(&parse(wide(b"", u16::to_le_bytes)), "1: file", "UTF-16");
    only(&parse(wide(b"", u16::to_be_bytes)), "1: file", "UTF-16");
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
fn a_comma_in_a_quoted_cell_does_not_make_a_row_of_too_many_cells_a_good_one() {
    let text = "cn-beijing,\"a,b\",sg-a,2,sg-b,\ncn-beijing,xyz,sg-a,2,sg-b,\n";
    assert_eq!(messages(&rows(text)), Vec::<String>::new());
    // Cut where the row before it was cut, it would have the cells of the first.
    let parsed = rows(&format!("{text}cn-beijing,a,b,sg-a,2,sg-b,\n"));
    only(&parsed, "4: cell 7", "a cell with a comma needs quotes");
}
