//! What a reader sees of the report, and what the page does.

use serde_json::json;

use crate::browser::{Browser, Scheme, Script};
use crate::reported_run::{HOSTILE, REFUSAL, many, mixed};

/// Every width of the page is within its screen.
const OVERFLOW: &str = "[...document.querySelectorAll('*')]\
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML)";
/// Texts that stand out too little from what is behind them (WCAG 2.2, 1.4.3).
const FAINT: &str = "(() => {
    const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const luminance = (colour) => {
        const [red, green, blue] = channels(colour).map((channel) => {
            const share = channel / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const behind = (one) => {
        const colour = getComputedStyle(one).backgroundColor;
        return channels(colour)[3] === 0 ? behind(one.parentElement) : colour;
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const faint = [];
    let seen = 0;
    while (texts.nextNode()) {
        const one = texts.currentNode.parentElement;
        if (texts.currentNode.data.trim() === '' || !one.checkVisibility()) continue;
        const lights = [getComputedStyle(one).color, behind(one)].map(luminance);
        const contrast = (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
        seen += 1;
        if (contrast < 4.5) faint.push(`${contrast}: ${one.outerHTML}`);
    }
    return seen < 50 ? ['few texts were seen'] : faint;
})()";
/// The items of all lists that are shown.
const SHOWN: &str = "document.querySelectorAll('table.list > tbody:not([hidden])').length";

/// Types into the filter.
fn filter(text: &str) -> String {
    format!(
        "(() => {{ const field = document.querySelector('.filter input'); field.value = {}; \
         field.dispatchEvent(new Event('input')); }})()",
        json!(text)
    )
}

#[test]
#[ignore = "needs UNPAIR_CHROMIUM, which tests/all.sh sets"]
fn nothing_sticks_out_on_any_screen_in_either_scheme_and_nothing_is_complained_of() {
    let run = mixed();
    let mut browser = Browser::start();
    for width in [320, 400, 1000, 1600] {
        for scheme in [Scheme::Light, Scheme::Dark] {
            browser.open(&run.report(), width, scheme, Script::On);
            browser.see("document.querySelectorAll('details').forEach((one) => one.open = true)");
            assert_eq!(browser.see(OVERFLOW), json!([]), "{width} {scheme:?}");
            assert_eq!(browser.see(FAINT), json!([]), "{width} {scheme:?}");
            assert_eq!(browser.complaints(), [""; 0], "{width} {scheme:?}");
            assert_eq!(browser.requests().len(), 1, "{:?}", browser.requests());
        }
    }
}

#[test]
#[ignore = "needs UNPAIR_CHROMIUM, which tests/all.sh sets"]
fn what_others_wrote_is_text_and_no_script_but_the_page_s_own_runs() {
    let run = mixed();
    let mut browser = Browser::start();
    browser.open(&run.report(), 1000, Scheme::Light, Script::On);
    assert_eq!(browser.see("document.title"), "unpair report", "a script has run");
    let foreign = "document.querySelectorAll('img, main style, main script').length";
    assert_eq!(browser.see(foreign), 0, "markup from outside");
    let text = browser.see("document.documentElement.textContent");
    let text = text.as_str().expect("a text");
    for note in HOSTILE {
        let told = note.replace('\u{202e}', "\\u{202e}").replace('\n', "\\u{a}");
        assert!(text.contains(&told), "{told}: {text}");
    }
    let injected = "(() => { const script = document.createElement('script'); \
        script.textContent = 'document.title = 3'; document.body.append(script); \
        return document.title; })()";
    assert_eq!(browser.see(injected), "unpair report", "the policy lets a foreign script run");
    assert_eq!(browser.complaints().len(), 1, "the policy tells of it");
}

#[test]
#[ignore = "needs UNPAIR_CHROMIUM, which tests/all.sh sets"]
fn the_filter_leaves_the_rows_that_hold_every_word_and_unfolds_them() {
    let run = mixed();
    let mut browser = Browser::start();
    browser.open(&run.report(), 1000, Scheme::Light, Script::On);
    let all = browser.see(SHOWN);
    browser.see(&filter("SG-B1  severed"));
    assert_eq!(browser.see("document.querySelector('#severed details').open"), true);
    let shown = "[...document.querySelectorAll('#severed tbody, #pairs tbody')]\
        .filter((one) => !one.hidden).map((one) => one.id)";
    assert_eq!(browser.see(shown), json!(["pair-2"]));
    assert!(browser.see("document.querySelector('output').textContent") != "");
    browser.see(&filter("no such thing"));
    assert_eq!(browser.see(SHOWN), 0);
    browser.see(&filter(""));
    assert_eq!(browser.see(SHOWN), all);
}

#[test]
#[ignore = "needs UNPAIR_CHROMIUM, which tests/all.sh sets"]
fn a_column_sorts_up_then_down_then_as_it_came() {
    let run = many(12);
    let mut browser = Browser::start();
    browser.open(&run.report(), 1000, Scheme::Light, Script::On);
    let rows = "[...document.querySelectorAll('#pairs tbody')].map((one) => one.id)";
    let click = "document.querySelector('#pairs th:last-child button').click()";
    let first = browser.see(rows);
    let by_line: Vec<String> = (2..14).map(|line| format!("pair-{line}")).collect();
    browser.see(click);
    assert_eq!(browser.see(rows), json!(by_line), "by number, not by digit");
    browser.see(click);
    let down: Vec<&String> = by_line.iter().rev().collect();
    assert_eq!(browser.see(rows), json!(down));
    browser.see(click);
    assert_eq!(browser.see(rows), first);
}

#[test]
#[ignore = "needs UNPAIR_CHROMIUM, which tests/all.sh sets"]
fn without_its_script_the_page_shows_everything_and_no_dead_control() {
    let run = mixed();
    let mut browser = Browser::start();
    browser.open(&run.report(), 400, Scheme::Light, Script::Off);
    let dead = "document.querySelectorAll('th button, label.filter:not([hidden])').length";
    assert_eq!(browser.see(dead), 0);
    let hidden = "getComputedStyle(document.querySelector('label.filter')).display";
    assert_eq!(browser.see(hidden), "none");
    let items = browser.see(SHOWN);
    assert_eq!(browser.see("document.querySelectorAll('tbody').length"), items);
    assert!(browser.see("document.body.innerText").as_str().is_some_and(|text| {
        text.contains("sg-a3") && text.contains(REFUSAL) && text.contains("Timeline")
    }));
}

#[test]
#[ignore = "needs UNPAIR_CHROMIUM, which tests/all.sh sets"]
fn a_link_to_a_folded_section_or_to_a_pair_in_it_unfolds_it() {
    let run = mixed();
    let mut browser = Browser::start();
    let is_open = "document.querySelector('#severed details').open";
    for link in ["nav a[href=\"#severed\"]", "#settled a[href=\"#pair-2\"]"] {
        browser.open(&run.report(), 1000, Scheme::Light, Script::On);
        assert_eq!(browser.see(is_open), false);
        browser.see(&format!("document.querySelector('{link}').click()"));
        assert_eq!(browser.see(is_open), true, "{link}");
    }
}

#[test]
#[ignore = "needs UNPAIR_CHROMIUM, which tests/all.sh sets"]
fn two_hundred_pairs_are_printed_on_few_sheets() {
    let run = many(200);
    let mut browser = Browser::start();
    browser.open(&run.report(), 1000, Scheme::Dark, Script::On);
    assert_eq!(browser.see("document.querySelectorAll('#pairs tbody').length"), 200);
    let sheets = browser.sheets();
    browser.show_printed();
    let paper = "getComputedStyle(document.documentElement).backgroundColor";
    assert_eq!(browser.see(paper), "rgb(255, 255, 255)", "dark ink on white paper");
    let head = "getComputedStyle(document.querySelector('#pairs thead')).display";
    assert_eq!(browser.see(head), "table-header-group", "which is repeated on every sheet");
    assert!((2..=30).contains(&sheets), "{sheets} sheets");
}

#[test]
#[ignore = "needs UNPAIR_CHROMIUM, which tests/all.sh sets"]
fn the_timeline_draws_what_was_read_changed_throttled_and_refused() {
    let run = mixed();
    let mut browser = Browser::start();
    browser.open(&run.report(), 1000, Scheme::Light, Script::On);
    let told = browser.see("document.querySelector('#timeline figcaption').textContent");
    let told = told.as_str().expect("a caption");
    for (fill, word) in [
        ("idle", "groups read: "),
        ("fair", "changes accepted: "),
        ("doubt", "changes throttled: 1"),
        ("bad", "refused, failed or put off: 1"),
    ] {
        assert!(told.contains(word), "{word}: {told}");
        let drawn = format!(
            "[...document.querySelectorAll('svg.timeline .fill-{fill}')]\
             .every((one) => one.getBoundingClientRect().height > 1)"
        );
        assert_eq!(browser.see(&drawn), true, "{word}");
        let colour =
            format!("getComputedStyle(document.querySelector('svg.timeline .fill-{fill}')).fill");
        assert!(browser.see(&colour).as_str().is_some_and(|fill| fill != "rgb(0, 0, 0)"));
    }
}
