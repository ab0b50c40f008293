use super::*;

/// `[header] key=value key=value`, a section a line; a faulty one ends in `!LINE`.
fn told(text: &str) -> String {
    let sections = read(text.as_bytes()).expect("text");
    let section = |section: &Section| {
        let values = section.values.iter();
        let values = values.map(|(key, value)| format!(" {key}={}", value.text.replace('\n', "|")));
        let values = values.collect::<Vec<_>>().concat();
        let fault = section.fault.as_ref().map(|(line, _)| format!(" !{line}")).unwrap_or_default();
        format!("[{}]{values}{fault}\n", section.header)
    };
    sections.iter().map(section).collect()
}

#[test]
fn lines_are_read_as_botocore_reads_them() {
    for (text, expected) in [
        ("\u{feff}[a]\nk = v\n", "[a] k=v\n"),
        ("[a]\r\nk = v\r\n\r\nl=w", "[a] k=v l=w\n"),
        ("[a]\rk = v\r", "[a] k=v\n"),
        ("[a]\n  k = v\n  l = w\n", "[a] k=v l=w\n"),
        ("\t[ a ]\t# told\n\tK\t:\tv\n", "[a] k=v\n"),
        ("[a]\n# c\n ; c\nk = v\n  # c\n\n  more\n", "[a] k=v|more\n"),
        ("[a]\nk = v # c\nl = v#w ;c\nm = # c\n", "[a] k=v l=v#w m=\n"),
        ("[a]\ncredential_process = p '#x' # y\n", "[a] credential_process=p '#x' # y\n"),
        ("[a]\ns3 =\n  x = 1\n  y = 2\nk = v\n", "[a] k=v s3=|x = 1|y = 2\n"),
        ("[a]\nk = v\nk = w\n[a]\nl = x\n", "[a] k=w\n[a] l=x\n"),
    ] {
        assert_eq!(told(text), expected, "{text:?}");
    }
}

#[test]
fn a_line_that_cannot_be_read_is_a_fault_of_its_section_alone() {
    for (text, expected) in [
        ("[a]\nk = v\nword\nother\n[b]\nk = v\n", "[a] k=v !3\n[b] k=v\n"),
        ("[a]\n= v\n[b]\nk = v\n", "[a] !2\n[b] k=v\n"),
        ("stray = v\n[a]\nk = v\n", "[] stray=v !1\n[a] k=v\n"),
        ("[a]\nk = v\n[b\nk = w\n[c]\nk = x\n", "[a] k=v\n[] k=w !3\n[c] k=x\n"),
    ] {
        assert_eq!(told(text), expected, "{text:?}");
    }
}

#[test]
fn bytes_that_are_no_utf8_hurt_only_where_they_stand() {
    let sections = read(b"# Jos\xe9\n[a]\nk = v\nl = \xe9\n").expect("text");
    assert_eq!(sections[0].values["k"].text, "v");
    assert_eq!(sections[0].values["l"].text, "\u{fffd}");
    assert!(read(b"\xff\xfe[\0a\0]\0").expect_err("UTF-16").contains("UTF-8"));
}
