//! Characters that look like others or are invisible. Word processors, chats and input methods put them
//! into cells.

use std::fmt;

/// The first character of a text that no id may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OddCharacter {
    c: char,
    look: Look,
    /// Its place, in characters; the first is 1.
    place: usize,
}

/// What a character is, and what was probably meant by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    name: &'static str,
    meant: Meant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meant {
    /// This one.
    Char(char),
    /// None at all.
    Nothing,
    Unknown,
}

/// Letters that look like those of ASCII, and what they look like.
const CYRILLIC: (&str, &str) = (
    "\u{430}\u{435}\u{43E}\u{440}\u{441}\u{443}\u{445}\u{455}\u{456}\u{458}\u{501}\u{4BB}\u{410}\u{412}\u{415}\u{41A}\u{41C}\u{41D}\u{41E}\u{420}\u{421}\u{422}\u{425}\u{406}",
    "aeopcyxsijdhABEKMHOPCTXI",
);
const GREEK: (&str, &str) = (
    "\u{3B1}\u{3BF}\u{3C1}\u{3BD}\u{3B9}\u{391}\u{392}\u{395}\u{396}\u{397}\u{399}\u{39A}\u{39C}\u{39D}\u{39F}\u{3A1}\u{3A4}\u{3A5}\u{3A7}",
    "aopviABEZHIKMNOPTYX",
);

/// From a character of full width to that of ASCII.
const FULL_WIDTH: u32 = 0xFEE0;

impl OddCharacter {
    /// The first odd character of `text`.
    pub(super) fn find(text: &str) -> Option<Self> {
        let mut chars = text.chars().zip(1..);
        chars.find_map(|(c, place)| look(c).map(|look| Self { c, look, place }))
    }

    /// The first one because of which a name is not what it seems to be: an invisible one, or one that
    /// looks like ASCII in a name whose other characters are ASCII or look like it.
    pub(super) fn misleading(name: &str) -> Option<Self> {
        let invisible = |(c, place)| {
            let look = look(c).filter(|look| look.meant == Meant::Nothing)?;
            Some(Self { c, look, place })
        };
        let seems_ascii = || {
            let is_full = |c: char| matches!(c, '\u{FF01}'..='\u{FF5E}');
            mended(name).is_ascii() && name.chars().any(|c| c.is_ascii_alphanumeric() || is_full(c))
        };
        let found = name.chars().zip(1..).find_map(invisible);
        found.or_else(|| Self::find(name).filter(|_| seems_ascii()))
    }
}

impl fmt::Display for OddCharacter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (U+{:04X})", self.look.name, u32::from(self.c))?;
        match self.look.meant {
            Meant::Char(meant) => write!(f, " where `{meant}` was expected")?,
            Meant::Nothing => f.write_str(", which does not show")?,
            Meant::Unknown => {}
        }
        write!(f, ", as character {}", self.place)
    }
}

/// The text with what was probably meant in the place of every odd character.
pub(super) fn mended(text: &str) -> String {
    let meant = |c: char| match look(c).map(|look| look.meant) {
        Some(Meant::Char(meant)) => Some(meant),
        Some(Meant::Nothing) => None,
        Some(Meant::Unknown) | None => Some(c),
    };
    text.chars().filter_map(meant).collect()
}

/// What a character is that no id may hold; `None` for printable ASCII and blanks.
fn look(c: char) -> Option<Look> {
    if c == ' ' || c.is_ascii_graphic() {
        return None;
    }
    let (name, meant) = invisible(c)
        .map(|name| (name, Meant::Nothing))
        .or_else(|| mark(c).map(|(name, meant)| (name, Meant::Char(meant))))
        .unwrap_or_else(|| letter(c));
    Some(Look { name, meant })
}

fn invisible(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{AD}' => "an invisible soft hyphen",
        '\u{200B}' => "an invisible zero-width space",
        '\u{200C}' | '\u{200D}' => "an invisible joiner",
        '\u{2060}' => "an invisible word joiner",
        '\u{FEFF}' => "an invisible byte order mark",
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            "an invisible mark of the direction of text"
        }
        '\u{2061}'..='\u{2064}' | '\u{FE00}'..='\u{FE0F}' => "an invisible character",
        _ => return None,
    })
}

/// A character that looks like a punctuation mark, a digit or a letter of ASCII.
fn mark(c: char) -> Option<(&'static str, char)> {
    Some(match c {
        '\u{2010}' => ("a typographic hyphen", '-'),
        '\u{2011}' => ("a non-breaking hyphen", '-'),
        '\u{2012}' => ("a figure dash", '-'),
        '\u{2013}' => ("an en dash", '-'),
        '\u{2014}' | '\u{2015}' => ("an em dash", '-'),
        '\u{2212}' => ("a minus sign", '-'),
        '\u{FE58}' | '\u{FE63}' => ("a small dash", '-'),
        '\u{30FC}' => ("a long vowel mark", '-'),
        '\u{A0}' | '\u{202F}' | '\u{2007}' => ("a non-breaking space", ' '),
        '\u{3000}' => ("an ideographic space", ' '),
        _ if c.is_whitespace() && !c.is_control() => ("an odd space", ' '),
        '\u{2018}'..='\u{201B}' | '\u{2032}' => ("a curly quote", '\''),
        '\u{201C}'..='\u{201F}' | '\u{2033}' => ("a curly quote", '"'),
        '\u{AB}' | '\u{BB}' | '\u{300C}'..='\u{300F}' => ("a quotation mark", '"'),
        '\u{2044}' => ("a fraction slash", '/'),
        '\u{2215}' => ("a division slash", '/'),
        '\u{3001}' => ("an ideographic comma", ','),
        '\u{3002}' => ("an ideographic full stop", '.'),
        '\u{FF0C}' => ("a full-width comma", ','),
        '\u{FF10}'..='\u{FF19}' => ("a full-width digit", narrow(c)?),
        '\u{FF21}'..='\u{FF3A}' | '\u{FF41}'..='\u{FF5A}' => ("a full-width letter", narrow(c)?),
        '\u{FF01}'..='\u{FF5E}' => ("a full-width character", narrow(c)?),
        _ => return None,
    })
}

fn narrow(c: char) -> Option<char> {
    char::from_u32(u32::from(c).checked_sub(FULL_WIDTH)?)
}

/// Any other character.
fn letter(c: char) -> (&'static str, Meant) {
    let like = |(letters, ascii): (&str, &str)| {
        let pair = letters.chars().zip(ascii.chars()).find(|(letter, _)| *letter == c);
        pair.map_or(Meant::Unknown, |(_, ascii)| Meant::Char(ascii))
    };
    match c {
        '\0' => ("a NUL byte", Meant::Unknown),
        '\t' => ("a tab", Meant::Char(' ')),
        _ if c.is_control() => ("an invisible control character", Meant::Nothing),
        '\u{400}'..='\u{52F}' => ("a Cyrillic letter", like(CYRILLIC)),
        '\u{370}'..='\u{3FF}' => ("a Greek letter", like(GREEK)),
        '\u{FFFD}' => ("the sign for a character that was lost", Meant::Unknown),
        _ if c.is_numeric() => ("a digit of another script", Meant::Unknown),
        _ if c.is_alphabetic() => ("a letter beyond a to z", Meant::Unknown),
        _ => ("a character beyond ASCII", Meant::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        OddCharacter::find(text).map(|odd| odd.to_string()).unwrap_or_default()
    }

    #[test]
    fn an_odd_character_is_told_by_name_code_point_and_place() {
        assert_eq!(
            told("sg\u{2013}a"),
            "an en dash (U+2013) where `-` was expected, as character 3"
        );
        assert_eq!(
            told("\u{455}g-a"),
            "a Cyrillic letter (U+0455) where `s` was expected, as character 1"
        );
        assert_eq!(
            told("a\u{200b}b"),
            "an invisible zero-width space (U+200B), which does not show, as character 2"
        );
        assert_eq!(
            told("\u{ff11}"),
            "a full-width digit (U+FF11) where `1` was expected, as character 1"
        );
        assert_eq!(told("sg-\u{5b89}"), "a letter beyond a to z (U+5B89), as character 4");
        assert_eq!(told("sg-a (b) ~"), "");
    }

    #[test]
    fn what_was_meant_stands_in_the_place_of_what_was_written() {
        let written = "\u{ff53}\u{ff47}\u{2011}\u{430}\u{200b}\u{3bf}\u{201d}\u{5b89}";
        assert_eq!(mended(written), "sg-ao\"\u{5b89}");
    }

    #[test]
    fn a_name_misleads_only_where_it_seems_to_be_another() {
        for name in
            ["p\u{430}rtner", "a\u{ff20}b", "\u{ff41}\u{ff42}", "team\u{2013}7", "\u{5b89}\u{200b}"]
        {
            assert!(OddCharacter::misleading(name).is_some(), "{name}");
        }
        for name in [
            "partner",
            "\u{43f}\u{430}\u{440}\u{442}",
            "\u{5ba2}\u{6237}\u{ff08}A\u{ff09}",
            "caf\u{e9}",
        ] {
            assert!(OddCharacter::misleading(name).is_none(), "{name}");
        }
    }

    #[test]
    fn letters_that_look_alike_are_listed_with_what_they_look_like() {
        for (letters, ascii) in [CYRILLIC, GREEK] {
            assert_eq!(letters.chars().count(), ascii.len());
        }
    }
}
