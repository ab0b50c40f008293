//! Recognizes a file by its first bytes: CSV in UTF-8, or something else that was given by mistake.

use memchr::memmem::find;

use super::Fault;

/// How many first bytes are looked at: the names of the first entries of an archive are among them.
pub(super) const HEAD: usize = 4096;

const BOM: &[u8] = b"\xEF\xBB\xBF";

const SAVE: &str = "open it in the spreadsheet and save the sheet as `CSV UTF-8`";
const CSV_UTF8: &str = "save it as `CSV UTF-8`";
const EXPORT: &str = "export the table as CSV";
const UNPACK: &str = "unpack it first, or pipe it: `gzip -dc FILE | unpair … -`";
const UNPACK_OTHER: &str = "unpack it first";

/// How files that are no text begin, what they are, and what to do about it.
const BEGINNINGS: [(&[u8], &str, &str); 13] = [
    (b"\xFF\xFE\0\0", "UTF-32", CSV_UTF8),
    (b"\xFF\xFE", "UTF-16", CSV_UTF8),
    (b"\xFE\xFF", "UTF-16", CSV_UTF8),
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an old or encrypted workbook (.xls)", SAVE),
    (b"\x1F\x8B", "compressed with gzip", UNPACK),
    (b"BZh", "compressed with bzip2", UNPACK_OTHER),
    (b"\xFD7zXZ\0", "compressed with xz", UNPACK_OTHER),
    (b"\x28\xB5\x2F\xFD", "compressed with zstd", UNPACK_OTHER),
    (b"7z\xBC\xAF\x27\x1C", "a 7z archive", UNPACK_OTHER),
    (b"%PDF", "a PDF document", EXPORT),
    (b"{\\rtf", "a text document (RTF)", EXPORT),
    (b"PAR1", "a Parquet table", EXPORT),
    (b"\0\0\0\0", "full of NUL bytes", "it was not written to its end, copy it again"),
];

/// Names in the first entries of an archive, what it is then, and what to do about it.
const ARCHIVES: [(&[u8], &str, &str); 7] = [
    (b"opendocument.spreadsheet", "a workbook (.ods)", SAVE),
    (b"opendocument", "an OpenDocument file", EXPORT),
    (b"word/", "a text document (.docx)", EXPORT),
    (b"xl/", "a workbook (.xlsx)", SAVE),
    (b"[Content_Types].xml", "a workbook (.xlsx)", SAVE),
    (b"docProps/", "a workbook (.xlsx)", SAVE),
    (b"Index/", "a workbook (.numbers)", SAVE),
];

/// Checks how a file begins: the length of its BOM, or what it is instead of CSV in UTF-8.
///
/// # Errors
/// [`Fault::Form`].
pub(super) fn check(head: &[u8]) -> Result<usize, Fault> {
    let bom = if head.starts_with(BOM) { BOM.len() } else { 0 };
    match binary(head).or_else(|| markup(head[bom..].trim_ascii_start())) {
        Some((is, remedy)) => Err(Fault::Form { is, remedy }),
        None => Ok(bom),
    }
}

fn binary(head: &[u8]) -> Option<(&'static str, &'static str)> {
    if let Some((_, is, remedy)) = BEGINNINGS.iter().find(|(begin, ..)| head.starts_with(begin)) {
        return Some((is, remedy));
    }
    if head.starts_with(b"PK\x03\x04") {
        let known = ARCHIVES.iter().find(|(name, ..)| find(head, name).is_some());
        return Some(known.map_or(("a ZIP archive", UNPACK_OTHER), |(_, is, remedy)| (is, remedy)));
    }
    let is_wide = matches!(head, [0, first, ..] | [first, 0, ..] if *first != 0);
    is_wide.then_some(("UTF-16", CSV_UTF8))
}

/// What a text is whose first character cannot begin a header.
fn markup(text: &[u8]) -> Option<(&'static str, &'static str)> {
    let contains = |word: &[u8]| find(&text.to_ascii_lowercase(), word).is_some();
    let (first, rest) = text.split_first()?;
    match first {
        b'<' if [&b"<html"[..], b"<!doctype html", b"<table>", b"<table ", b"<head"]
            .into_iter()
            .any(contains) =>
        {
            Some(("an HTML page (of a login?)", "download the file itself"))
        }
        b'<' => Some(("XML", SAVE)),
        b'{' => Some(("JSON", EXPORT)),
        b'[' if rest.first().is_some_and(|next| next.is_ascii_alphabetic() || *next == b'[') => {
            Some(("TOML", "name a configuration with --config"))
        }
        b'[' => Some(("JSON", EXPORT)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(head: &[u8]) -> &'static str {
        match check(head) {
            Err(Fault::Form { is, .. }) => is,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn text_is_read_with_and_without_a_bom() {
        assert_eq!(check(b"region,account_a"), Ok(0));
        assert_eq!(check(b"\xEF\xBB\xBFregion"), Ok(3));
        assert_eq!((check(b""), check(b"\n")), (Ok(0), Ok(0)));
    }

    #[test]
    fn workbooks_archives_and_documents_are_told_as_what_they_are() {
        let zip = |name: &str| is(format!("PK\x03\x04\x14\0\0\0 {name} …").as_bytes());
        assert_eq!(zip("[Content_Types].xml"), "a workbook (.xlsx)");
        assert_eq!(zip("_rels/.rels docProps/app.xml"), "a workbook (.xlsx)");
        assert_eq!(
            zip("mimetypeapplication/vnd.oasis.opendocument.spreadsheet"),
            "a workbook (.ods)"
        );
        assert_eq!(zip("Index/Document.iwa"), "a workbook (.numbers)");
        assert_eq!(zip("pairs.csv"), "a ZIP archive");
        assert_eq!(is(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), "an old or encrypted workbook (.xls)");
        assert_eq!(is(b"\x1F\x8B\x08"), "compressed with gzip");
        assert_eq!(is(b"%PDF-1.7"), "a PDF document");
        assert_eq!(is(&[0; 64]), "full of NUL bytes");
    }

    #[test]
    fn wide_encodings_are_told_with_and_without_a_mark() {
        for head in [&b"\xFF\xFEr\0"[..], b"\xFE\xFF\0r", b"r\0e\0", b"\0r\0e"] {
            assert_eq!(is(head), "UTF-16");
        }
        assert_eq!(is(b"\xFF\xFE\0\0r\0\0\0"), "UTF-32");
    }

    #[test]
    fn pages_and_structured_texts_are_told_as_what_they_are() {
        assert_eq!(is(b"\n<!DOCTYPE html><title>Sign in</title>"), "an HTML page (of a login?)");
        assert_eq!(is(b"\xEF\xBB\xBF<?xml version=\"1.0\"?><office:document><table:table table:name=\"a\">"), "XML");
        assert_eq!(is(b"{\"region\": \"cn-beijing\"}"), "JSON");
        assert_eq!(is(b"[{\"region\""), "JSON");
        assert_eq!(is(b"[[account]]\nid = \"1\""), "TOML");
    }
}
