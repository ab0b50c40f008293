//! Recognizes how people and spreadsheets misspell port ranges, and which range was probably meant.

use super::Fault;
use super::odd_character::{OddCharacter, mended};
use crate::model::PortRange;

/// How a text misspells a range, and which range was probably meant.
struct Misspelling {
    wrong: &'static str,
    meant: Option<String>,
    remedy: &'static str,
}

/// How the names of months begin in the most frequent languages of spreadsheets, and their numbers.
const MONTHS: [(&str, u32); 21] = [
    ("jan", 1),
    ("feb", 2),
    ("fév", 2),
    ("mar", 3),
    ("mär", 3),
    ("mrz", 3),
    ("apr", 4),
    ("avr", 4),
    ("may", 5),
    ("mai", 5),
    ("jun", 6),
    ("jul", 7),
    ("aug", 8),
    ("aoû", 8),
    ("sep", 9),
    ("oct", 10),
    ("okt", 10),
    ("nov", 11),
    ("dec", 12),
    ("dez", 12),
    ("déc", 12),
];

/// What is wrong with a text that is no port range, if that can be recognized.
pub(super) fn explain(text: &str, expected: &'static str) -> Option<Fault> {
    let plain = mended(text);
    if text.parse::<PortRange>().is_ok() {
        return None;
    }
    let misspelling = date(&plain).or_else(|| range(&plain)).or_else(|| other(&plain))?;
    let odd = OddCharacter::find(text).map(|odd| format!(": {odd}")).unwrap_or_default();
    let meant = misspelling.meant.filter(|meant| meant.parse::<PortRange>().is_ok());
    let meant = meant.map(|meant| format!(" (was `{meant}` meant?)")).unwrap_or_default();
    Some(Fault::detailed(
        text,
        misspelling.wrong,
        &format!("{odd}{meant}{}", misspelling.remedy),
        expected,
    ))
}

/// `80`, `80-90`, `80 / 90`.
fn range(text: &str) -> Option<Misspelling> {
    if text == "-1" || is_number(text) {
        let meant = Some(format!("{text}/{text}"));
        return Some(Misspelling { wrong: "is one number", meant, remedy: "" });
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (from, rest) = text.split_at(digits);
    let to = rest.trim_start_matches([' ', '-', ':', '~', '/', '.', '_']);
    let to = to.strip_prefix("to ").unwrap_or(to).trim_start();
    (is_number(from) && is_number(to) && rest.len() > to.len()).then(|| Misspelling {
        wrong: "is a range written in another way",
        meant: Some(format!("{from}/{to}")),
        remedy: "",
    })
}

/// `8-Aug`, `2026-08-08`: what spreadsheets make of `8/8`.
fn date(text: &str) -> Option<Misspelling> {
    let is_separator = |c: char| " -/.,".contains(c) || "年月日".contains(c);
    let parts: Vec<&str> = text.split(is_separator).filter(|part| !part.is_empty()).collect();
    let numbers: Option<Vec<u32>> =
        parts.iter().map(|part| part.parse().ok().or_else(|| month(part))).collect();
    let months = parts.iter().filter(|part| !is_number(part)).count();
    let mut numbers = numbers?;
    let has_year = numbers.iter().any(|number| *number >= 1000);
    let has_month = numbers.iter().any(|number| (1..=12).contains(number));
    let is_short = numbers.iter().all(|number| *number < 100);
    let is_date = match numbers.len() {
        2 => months == 1 || text.contains('月'),
        3 => months == 1 || has_month && (has_year || is_short),
        _ => false,
    };
    if !is_date {
        return None;
    }
    // A year of four digits was put in by the spreadsheet.
    if numbers.len() == 3 {
        numbers.retain(|number| *number < 1000);
    }
    numbers.sort_unstable();
    let meant = if let [from, to] = numbers[..] { Some(format!("{from}/{to}")) } else { None };
    let wrong = "is a date that a spreadsheet made of a range";
    Some(Misspelling { wrong, meant, remedy: " (format the column as text)" })
}

fn month(word: &str) -> Option<u32> {
    let word = word.to_lowercase();
    let is_word = word.chars().count() >= 3 && word.chars().all(char::is_alphabetic);
    let found = MONTHS.iter().find(|(begin, _)| is_word && word.starts_with(begin));
    found.map(|(_, number)| *number)
}

/// Several ranges, or a word.
fn other(text: &str) -> Option<Misspelling> {
    let misspelling = |wrong, remedy| Some(Misspelling { wrong, meant: None, remedy });
    if text.contains([',', ';']) {
        misspelling("holds several ranges", " (give each a row of its own)")
    } else if ["all", "any", "*"].contains(&text.to_ascii_lowercase().as_str()) {
        misspelling("is not a range", " (leave the cell empty for any)")
    } else {
        None
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        explain(text, "a range").map(|fault| fault.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_range_in_another_form_is_offered_in_the_right_one() {
        assert_eq!(told("80"), "`80` is one number (was `80/80` meant?), expected a range");
        assert!(told("-1").contains("`-1/-1`"));
        for text in ["80-90", "80 - 90", "80:90", "80 / 90", "80..90", "80 to 90", "80~90"] {
            assert!(told(text).contains("(was `80/90` meant?)"), "{text}: {}", told(text));
        }
        let dash = told("80\u{2013}90");
        assert!(dash.contains("an en dash (U+2013)") && dash.contains("`80/90`"), "{dash}");
        assert!(told("\u{ff18}\u{ff10}").contains("`80/80`"));
        assert!(!told("99999").contains("meant"));
    }

    #[test]
    fn dates_are_told_with_the_range_that_they_were() {
        for text in [
            "8-Aug",
            "08-Aug",
            "Aug-08",
            "8. August",
            "8-ao\u{fb}t",
            "2026-08-08",
            "8/8/2026",
            "08.08.2026",
            "8\u{6708}8\u{65e5}",
        ] {
            let told = told(text);
            assert!(
                told.contains("date that a spreadsheet made") && told.contains("`8/8`"),
                "{told}"
            );
        }
        assert!(told("08/08/26").contains("date that a spreadsheet made"));
        assert!(told("1-Oct").contains("`1/10`") && told("Oct-22").contains("`10/22`"));
    }

    #[test]
    fn several_ranges_and_words_have_their_remedies() {
        assert!(told("80/80,443/443").contains("a row of its own"));
        assert!(told("any").contains("leave the cell empty"));
        for text in ["", "22/22", "80/80/80", "tcp", "x/y", "http-8080"] {
            assert_eq!(told(text), "", "{text}");
        }
    }
}
