use proptest::prelude::*;

use super::*;

const SAMPLE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <R xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r-1</requestId>\
    <set><item><a>1 &lt; 2 &#38; 3</a></item><item/></set><empty/><t><![CDATA[<x>]]></t></R>\n";

fn parse(text: &str) -> Result<Element<'_>, XmlError> {
    Element::parse(text.as_bytes())
}

#[test]
fn a_whole_document_is_a_tree_of_elements() {
    let root = parse(SAMPLE).expect("a whole document");
    assert_eq!(root.name, "R");
    let [id, set, empty, text] = root.children.as_slice() else { panic!("four: {root:?}") };
    assert_eq!((id.name, &*id.text), ("requestId", "r-1"));
    assert_eq!((empty.name, &*empty.text), ("empty", ""));
    assert_eq!((text.name, &*text.text), ("t", "<x>"));
    assert_eq!(set.children.len(), 2);
    assert_eq!(set.children[0].children[0].text, "1 < 2 & 3");
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
    assert_eq!(parse("<a/><b/>"), Err(XmlError::Trailing));
    assert_eq!(parse("<a></a>text"), Err(XmlError::Trailing));
    assert!(parse("<a/><!-- a comment -->\n").is_ok());
}

#[test]
fn document_types_and_foreign_entities_are_refused() {
    assert_eq!(parse("<!DOCTYPE html><a/>"), Err(XmlError::DocType));
    let bomb = "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>";
    assert_eq!(parse(bomb), Err(XmlError::DocType));
    assert_eq!(parse("<?xml-stylesheet href='a'?><a/>"), Err(XmlError::DocType));
    assert!(matches!(parse("<a>&b;</a>"), Err(XmlError::NotXml(_))));
}

#[test]
fn nesting_has_a_limit() {
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(parse(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(parse(&nested(MAX_DEPTH + 1)), Err(XmlError::TooDeep));
    assert_eq!(parse(&"<a>".repeat(100_000)), Err(XmlError::TooDeep));
}

#[test]
fn a_field_stands_once_and_a_list_has_members_of_one_name() {
    assert!(parse("<a><list><i/><i/></list><b/></a>").is_ok());
    assert_eq!(parse("<a><list/><b/><list><i/></list></a>"), Err(XmlError::Repeated));
    assert_eq!(parse("<a>text<b/></a>"), Err(XmlError::Mixed));
}

#[test]
fn a_tree_has_a_limit() {
    let list = |count: usize| format!("<a>{}</a>", "<b/>".repeat(count));
    assert!(parse(&list(MAX_VALUES - 1)).is_ok());
    assert_eq!(parse(&list(MAX_VALUES)), Err(XmlError::TooLarge));
    let record = |count: usize| {
        let fields: Vec<_> = (0..count).map(|n| format!("<f{n}/>")).collect();
        format!("<a>{}</a>", fields.concat())
    };
    assert!(parse(&record(MAX_FIELDS)).is_ok());
    assert_eq!(parse(&record(MAX_FIELDS + 1)), Err(XmlError::TooLarge));
}

#[test]
fn what_is_not_xml_is_told_as_such() {
    for bad in [
        "",
        "Service Unavailable",
        "<a></b>",
        "</a>",
        "{\"a\":1}",
        "<a b='<c/>'/>",
        "<?xml <b?><a/>",
    ] {
        assert!(matches!(parse(bad), Err(XmlError::NotXml(_))), "{bad}");
    }
    assert!(matches!(Element::parse(b"<a>\xff</a>"), Err(XmlError::NotXml(_))));
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
            let set = root.children.iter().find(|child| child.name == "set");
            prop_assert!(set.is_none_or(|set| set.children.len() <= 2));
        }
    }
}
