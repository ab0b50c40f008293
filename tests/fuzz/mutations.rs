//! Mutations of real answers: no panic, no hang, and nothing of a list is passed over.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use fastrand::Rng;
use unpair::cloud::{ErrorClass, Http};
use unpair_testing::{is_long, seed};

use crate::asking::{ANSWERS, Ask, Clients, REFUSALS, Sample, Told};
use crate::mutate::mutated;
use crate::peer::{Act, Peer, kept};

/// Answers tried of each cloud in a usual run, and in a long one.
const USUAL: usize = 10_000;
const LONG: usize = 1_000_000;
/// A long run ends after this, however far it is.
const LONG_TIME: Duration = Duration::from_mins(5);

/// What a member of a list is known by in the bytes of an answer.
fn members(sample: &Sample) -> Option<&'static [&'static str]> {
    match (sample.is_aws, sample.ask) {
        (false, Ask::Rules) => Some(&["\"SecurityGroupRuleId\":", "<SecurityGroupRuleId>"]),
        (true, Ask::Rules) => Some(&["<securityGroupRuleId>"]),
        (false, Ask::References) => Some(&["\"AliUid\":", "<AliUid>"]),
        (true, Ask::Regions) => Some(&["<regionName>"]),
        _ => None,
    }
}

/// What says in the bytes of an answer that a page follows.
const NEXT: [&str; 3] =
    ["\"NextToken\":\"next\"", "<NextToken>next</NextToken>", "<nextToken>next</nextToken>"];

fn count(text: &str, piece: &str) -> usize {
    text.matches(piece).count()
}

/// What is open around a member of a list in JSON.
const IN_A_LIST: &[u8] = b"[{";

/// How often `piece` is a name within `place`, which is what is open around it in JSON: the same name
/// elsewhere means something else. Of XML every place counts.
fn named(text: &str, piece: &str, place: &[u8]) -> usize {
    if text.starts_with('<') || piece.starts_with('<') {
        return count(text, piece);
    }
    let (mut inside, mut is_quoted, mut found) = (Vec::new(), false, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => {
                is_quoted = !is_quoted;
                let is_name =
                    is_quoted && text.is_char_boundary(at) && text[at..].starts_with(piece);
                let fits =
                    if place == IN_A_LIST { inside.ends_with(place) } else { inside == place };
                found += usize::from(is_name && fits);
            }
            b'{' | b'[' if !is_quoted => inside.push(byte),
            b'}' | b']' if !is_quoted => drop(inside.pop()),
            _ => {}
        }
    }
    found
}

/// How often each name stands in a JSON text.
fn names(text: &str) -> BTreeMap<&str, usize> {
    let pieces: Vec<&str> = text.split('"').collect();
    let is_name = |pair: &&[&str]| pair.len() == 2 && pair[1].trim_start().starts_with(':');
    let mut names = BTreeMap::new();
    for pair in pieces[1..].chunks(2).filter(is_name) {
        *names.entry(pair[0]).or_default() += 1;
    }
    names
}

/// All that is in the sample is there, and more under a name that nobody knows: to be ignored.
fn adds_unknown(text: &str, sample: &str) -> bool {
    let (names, known) = (names(text), names(sample));
    names.keys().any(|name| !known.contains_key(name))
        && known.iter().all(|(name, times)| names.get(name) >= Some(times))
}

/// Why what was told of `body` cannot be true, if so.
fn falsehood(sample: &Sample, body: &[u8], told: &Told) -> Option<String> {
    let Told::List(found, more) = told else { return None };
    let members = members(sample)?;
    let text = String::from_utf8_lossy(body);
    // What is commented out or quoted is not there.
    let hides = |text: &str| ["<!--", "<![CDATA[", "\\"].map(|mark| count(text, mark));
    if hides(&text) != hides(sample.body) {
        return None;
    }
    // Neither is a piece of one format in a text of the other.
    let others = if text.starts_with('<') { "\"" } else { "<" };
    if count(&text, others) != count(sample.body, others) {
        return None;
    }
    if adds_unknown(&text, sample.body) {
        return None;
    }
    let there: usize = members.iter().map(|member| named(&text, member, IN_A_LIST)).sum();
    if found.len() < there {
        return Some(format!("{} of {there} members", found.len()));
    }
    let has_next =
        matches!(sample.ask, Ask::Rules) && NEXT.iter().any(|mark| named(&text, mark, b"{") > 0);
    (has_next && !more).then(|| "no next page".to_owned())
}

/// Has `body` read as the answer to `sample`, and judges what is made of it.
async fn try_answer(peer: &Peer, clients: &Clients, sample: &'static Sample, body: &[u8]) -> bool {
    peer.will(Act::Keep(kept(sample.status, body)));
    let shown = || format!("{} as {:?}", sample.name, String::from_utf8_lossy(body));
    match clients.ask_in_time(sample).await {
        Ok(told) => {
            let falsehood = falsehood(sample, body, &told);
            assert_eq!(falsehood, None, "{told:?} of {}", shown());
            true
        }
        Err(error) => {
            let local = matches!(error.class, ErrorClass::Config | ErrorClass::Unreached);
            assert!(!local && error.message.chars().count() < 1_000, "{error:?} of {}", shown());
            false
        }
    }
}

async fn client() -> (Peer, Clients) {
    let peer = Peer::start().await;
    let clients = Clients::of(&peer.url(), Http::new().expect("a client")).await;
    (peer, clients)
}

async fn fuzz(is_aws: bool) {
    let (seed, is_long) = (seed(), is_long());
    let samples: Vec<&Sample> =
        ANSWERS.iter().chain(&REFUSALS).filter(|sample| sample.is_aws == is_aws).collect();
    let bodies: Vec<&str> = samples.iter().map(|sample| sample.body).collect();
    let (peer, clients) = client().await;
    let (mut rng, began) = (Rng::with_seed(seed), Instant::now());
    let (mut tried, mut read) = (0, 0);
    while tried < if is_long { LONG } else { USUAL } {
        if is_long && began.elapsed() > LONG_TIME {
            break;
        }
        let sample = samples[rng.usize(..samples.len())];
        let body = mutated(&mut rng, sample.body, &bodies);
        read += usize::from(try_answer(&peer, &clients, sample, &body).await);
        tried += 1;
    }
    println!("{tried} answers tried, {read} of them readable");
    assert!(read > tried / 100, "hardly an answer got as far as the decoders");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutated_answers_of_alibaba_cloud_neither_panic_nor_hide_anything() {
    fuzz(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutated_answers_of_aws_neither_panic_nor_hide_anything() {
    fuzz(true).await;
}

/// `WHAT_IT_SHOWED.NAME_OF_THE_SAMPLE`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_once_told_something_false_do_so_no_more() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/regressions");
    let (peer, clients) = client().await;
    let mut tried = 0;
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let sample = ANSWERS.iter().chain(&REFUSALS).find(|sample| name.ends_with(sample.name));
        let sample = sample.unwrap_or_else(|| panic!("{name} ends in the name of no sample"));
        let body = fs::read(&path).expect("a readable file");
        try_answer(&peer, &clients, sample, body.trim_ascii()).await;
        tried += 1;
    }
    assert!(tried > 0, "nothing was tried");
}
