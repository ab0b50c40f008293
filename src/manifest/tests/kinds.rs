//! Rows of nothing, and mistakes that come again and again.

use super::*;

#[test]
fn rows_of_empty_cells_are_skipped_like_blank_lines() {
    let blank = ",,,,,\n , ,\t,,,\u{a0}\n\"\",\"\",,,,\r\n;;;;;\n,,,,,,,,\n";
    let parsed = rows(&format!("{blank}{GOOD}{}cn-x,1,sg-a,2,sg-b,\n", blank.repeat(300)));
    only(&parsed, "1508: region", "`cn-x`");
    assert_eq!((parsed.rows_read, parsed.bad, parsed.pairs.rows.len()), (2, 1, 1));
    assert_eq!(parsed.pairs.rows.iter().next().map(|row| row.line), Some(7));
    let above = parse(format!("{blank}{HEADER}{GOOD}"));
    assert_eq!((messages(&above), above.rows_read), (Vec::<String>::new(), 1));
}

#[test]
fn a_mistake_is_told_twenty_times_and_then_counted() {
    let parsed = rows(&(GOOD.to_owned() + &"cn-x,1,sg-a,2,,\n".repeat(1247)));
    let messages = messages(&parsed);
    assert_eq!(parsed.errors.len(), 42, "{messages:#?}");
    assert_eq!(
        messages[40],
        "f.csv:23: region: is not a known region … and 1,227 more of this kind, in lines 23 to 1249"
    );
    assert_eq!(
        messages[41],
        "f.csv:23: group_b: empty … and 1,227 more of this kind, in lines 23 to 1249"
    );
    assert_eq!((parsed.bad, parsed.rows_read), (1247, 1248));
    assert!(parsed.errors.is_sorted_by_key(|error| error.line));
}

#[test]
fn mistakes_are_counted_by_file_column_and_kind() {
    let one = "cn-beijing,1,sg-a,2,,\n".repeat(20);
    let two = "cn-beijing,1,sg-a,2,x,\n".repeat(21);
    let text = format!("{HEADER}{one}{two}");
    let parsed = read(vec![input("a.csv", text.clone()), input("b.csv", text)], &rules());
    assert_eq!(parsed.errors.len(), 2 * 41);
    let messages = messages(&parsed);
    assert_eq!(
        messages[40],
        "a.csv:42: group_b: is not a group id … and 1 more of this kind, in line 42"
    );
    assert_eq!(messages[81].replace("b.csv", "a.csv"), messages[40]);
    assert_eq!(parsed.bad, 82);
}

#[test]
fn a_header_that_stands_again_is_skipped() {
    let again = format!("{GOOD}\u{feff}{HEADER}{GOOD}{}", HEADER.to_uppercase());
    let parsed = rows(&again);
    assert_eq!((messages(&parsed), parsed.rows_read), (Vec::<String>::new(), 2));
    assert_eq!(parsed.pairs.duplicates, [(4, 2)]);
}

#[test]
fn empty_cells_beyond_the_header_are_dropped_and_others_are_told() {
    let header = format!("{},, \n", HEADER.trim_end());
    let parsed = parse(format!("{header}{},,,\n{GOOD}", GOOD.trim_end()));
    assert_eq!((messages(&parsed), parsed.rows_read), (Vec::<String>::new(), 2));
    let parsed = parse(format!("{header}{},, x\n", GOOD.trim_end()));
    only(&parsed, "2: cell 7", "the row has 8 cells, expected 6");
    let ragged = rows(&format!("{},,\n{},x\n", GOOD.trim_end(), GOOD.trim_end()));
    only(&ragged, "3: cell 7", "the row has 7 cells, expected 6");
}

#[test]
fn an_empty_cell_beyond_the_header_hides_no_comma_in_a_note() {
    let header = "region,account_a,group_a,account_b,group_b,note,policy\n";
    let parsed = parse(format!("{header}cn-beijing,1,sg-a,2,sg-b,OPS,drop,\n"));
    only(&parsed, "2: cell 8", "a cell with a comma needs quotes");
    let whole = header.replace("policy", "policy,");
    assert!(parse(format!("{whole}cn-beijing,1,sg-a,2,sg-b,OPS,drop,\n")).errors.is_empty());
}

#[test]
fn a_group_with_the_rows_owner_is_the_group() {
    let mut rules = rules();
    rules.names.insert((Provider::Alibaba, "b@x".to_owned()), "2222".into());
    let text = format!(
        "{HEADER}{GOOD}cn-beijing,1111,1111/sg-a,b@x,acs:ecs:cn-beijing:2222:securitygroup/sg-b,\n"
    );
    let parsed = read(vec![input("f.csv", text)], &rules);
    assert_eq!(messages(&parsed), Vec::<String>::new());
    assert_eq!(parsed.pairs.duplicates, [(3, 2)]);
    only(&rows("cn-beijing,1111,2222/sg-a,2222,sg-b,\n"), "2: group_a", "names another owner");
    only(&rows("cn-beijing,1111,1111/sg-a,2222,2222/sg-a,\n"), "2: group_b", "one owner");
}

#[test]
fn a_row_in_another_separator_than_the_header_is_told_as_such() {
    only(
        &rows("cn-beijing;1;sg-a;2;sg-b;\n"),
        "2: account_a",
        "`;` is in it, where the header has `,`",
    );
    let full = GOOD.replace(',', "\u{ff0c}");
    only(&rows(&full), "2: account_a", "a full-width comma (U+FF0C) is in it");
    let semicolons = HEADER.replace(',', ";");
    only(
        &parse(format!("{semicolons}{GOOD}")),
        "2: account_a",
        "`,` is in it, where the header has `;`",
    );
}

#[test]
fn a_file_of_one_long_line_with_carriage_returns_is_told_as_such() {
    let text = format!("{HEADER}{}", GOOD.repeat(1 << 16)).replace('\n', "\r");
    only(&parse(text), "1: row", "do its lines end with CR alone?");
}
