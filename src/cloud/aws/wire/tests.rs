use proptest::prelude::*;

use super::*;

const SAMPLE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <R xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r-1</requestId>\
    <set><item><a>1 &lt; 2 &#38; 3</a></item><item/></set><empty/><t><![CDATA[<x>]]></t></R>\n";

fn parse(text: &str) -> Result<Element, WireError> {
    Element::parse(text.as_bytes())
}

#[test]
fn a_whole_document_is_a_tree_of_elements() {
    let root = parse(SAMPLE).expect("a whole document");
    assert_eq!(root.name, "R");
    assert_eq!(root.text_of("requestId"), Some("r-1"));
    assert_eq!(root.text_of("empty"), None);
    assert_eq!(root.text_of("t"), Some("<x>"));
    let items: Vec<_> = root.items("set").collect();
    assert_eq!(items.len(), 2);
    assert_eq!(items[0].text_of("a"), Some("1 < 2 & 3"));
    assert_eq!(root.items("nothing").count(), 0);
}

#[test]
fn no_prefix_of_a_document_passes_for_one() {
    let whole = SAMPLE.trim_end();
    for end in 0..whole.len() {
        assert!(parse(&whole[..end]).is_err(), "{}", &whole[..end]);
    }
}

#[test]
fn what_follows_the_root_is_refused() {
    assert_eq!(parse("<a/><b/>"), Err(WireError::Trailing));
    assert_eq!(parse("<a></a>text"), Err(WireError::Trailing));
    assert!(parse("<a/><!-- a comment -->\n").is_ok());
}

#[test]
fn document_types_and_foreign_entities_are_refused() {
    assert_eq!(parse("<!DOCTYPE html><a/>"), Err(WireError::DocType));
    let bomb = "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>";
    assert_eq!(parse(bomb), Err(WireError::DocType));
    assert!(matches!(parse("<a>&b;</a>"), Err(WireError::NotXml(_))));
}

#[test]
fn nesting_has_a_limit() {
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(parse(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(parse(&nested(MAX_DEPTH + 1)), Err(WireError::TooDeep));
    assert_eq!(parse(&"<a>".repeat(100_000)), Err(WireError::TooDeep));
}

#[test]
fn what_is_not_xml_is_told_as_such() {
    for bad in ["", "Service Unavailable", "<a></b>", "</a>", "{\"a\":1}"] {
        assert!(matches!(parse(bad), Err(WireError::NotXml(_))), "{bad}");
    }
    assert!(matches!(Element::parse(b"<a>\xff</a>"), Err(WireError::NotXml(_))));
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Element::parse(&body);
    }

    #[test]
    fn a_document_with_a_piece_cut_out_never_gains_elements(
        from in 0..SAMPLE.len(), length in 1..40_usize,
    ) {
        let mut body = SAMPLE.as_bytes().to_vec();
        body.drain(from..(from + length).min(SAMPLE.len()));
        if let Ok(root) = Element::parse(&body) {
            prop_assert!(root.items("set").count() <= 2);
        }
    }
}
