//! The stylesheet: enough contrast in both schemes, and no colour that escapes the computation.

use std::collections::BTreeMap;

use super::policy::STYLE;

/// The contrast that text needs, and the one that figures need (WCAG 2.2, 1.4.3 and 1.4.11).
const TEXT: f64 = 4.5;
const FIGURES: f64 = 3.0;

/// Colours by the name of their variable.
type Colours = BTreeMap<&'static str, [u8; 3]>;

/// The light colours, the dark ones, and the stylesheet without both.
fn schemes() -> ([Colours; 2], String) {
    let mut rest = String::new();
    let mut parts = STYLE.split(":root {");
    rest.push_str(parts.next().expect("a beginning"));
    let schemes = [(); 2].map(|()| {
        let part = parts.next().expect("two blocks of colours");
        let (block, after) = part.split_once('}').expect("the end of a block");
        rest.push_str(after);
        colours(block)
    });
    assert_eq!(parts.next(), None, "two blocks of colours");
    (schemes, rest)
}

fn colours(block: &'static str) -> Colours {
    let declared = block.split(';').filter_map(|line| line.split_once(": #"));
    declared.map(|(name, value)| (name.trim(), channels(value))).collect()
}

fn channels(value: &str) -> [u8; 3] {
    assert_eq!(value.len(), 6, "a colour is six digits: {value}");
    [0, 2, 4].map(|at| u8::from_str_radix(&value[at..at + 2], 16).expect("hexadecimal digits"))
}

/// The relative luminance of WCAG 2.2.
fn luminance(colour: [u8; 3]) -> f64 {
    let [red, green, blue] = colour.map(|channel| {
        let share = f64::from(channel) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn the_contrast_is_that_of_the_standard() {
    assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
    // The lightest grey that passes on white.
    assert!(contrast([0x76; 3], [255; 3]) > 4.5 && contrast([0x77; 3], [255; 3]) < 4.5);
}

#[test]
fn every_ink_is_readable_on_every_paper_and_every_figure_is_seen() {
    for colours in schemes().0 {
        let named =
            |prefix: &'static str| colours.iter().filter(move |(name, _)| name.starts_with(prefix));
        let mut compared = 0;
        for (paper, on) in named("--paper") {
            for (needed, prefix) in [(TEXT, "--ink"), (FIGURES, "--fill")] {
                for (name, colour) in named(prefix) {
                    let contrast = contrast(*colour, *on);
                    assert!(contrast >= needed, "{name} on {paper}: {contrast:.2}");
                    compared += 1;
                }
            }
        }
        assert_eq!(compared, 2 * (6 + 5), "every colour is compared: {colours:?}");
    }
}

#[test]
fn both_schemes_have_the_same_colours_and_no_rule_has_one_of_its_own() {
    let ([light, dark], rest) = schemes();
    assert!(light.keys().eq(dark.keys()));
    let foreign = ["rgb", "hsl", "opacity", "color-mix", "filter:", "lab(", "lch("];
    let rest = rest.replace("opacity: 1;", "");
    assert!(foreign.iter().all(|word| !rest.contains(word)));
    let hexadecimal = rest
        .split('#')
        .skip(1)
        .any(|after| after.chars().take(3).filter(char::is_ascii_hexdigit).count() == 3);
    assert!(!hexadecimal, "a colour outside of the two blocks");
    // Text is an ink on a paper.
    for declaration in rest.split([';', '{', '}']).map(str::trim) {
        let allowed: &[&str] = match declaration.split_once(':') {
            Some(("color", _)) => &["var(--ink", "inherit"],
            Some(("background", _)) => &["var(--paper", "var(--fill", "none"],
            Some(("fill", _)) => &["var(--fill"],
            _ => continue,
        };
        let value = declaration.split_once(':').map_or("", |(_, value)| value.trim());
        assert!(allowed.iter().any(|start| value.starts_with(start)), "{declaration}");
    }
}
