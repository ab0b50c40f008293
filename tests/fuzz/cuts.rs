//! Answers that end too early, at every byte.

use futures_util::future::join_all;
use unpair::cloud::{ErrorClass, Http};

use crate::asking::{ANSWERS, Clients, REFUSALS, Sample};
use crate::peer::{Act, Framing, Peer};

/// What a client makes of an answer that is cut may only be one of these: it proves nothing.
const UNKNOWN: [ErrorClass; 2] = [ErrorClass::Lost, ErrorClass::Transient];

/// Cuts the answer at every byte; every piece must leave open what became of the request.
async fn cut_everywhere(sample: &'static Sample, framing: Framing) -> usize {
    let peer = Peer::start().await;
    let clients = Clients::of(&peer.url(), Http::new().expect("a client")).await;
    let whole = framing.frame(sample.status, sample.body.as_bytes());
    // What follows the last piece of a chunked body tells nothing more.
    let told = whole.len() - if matches!(framing, Framing::Chunked) { 2 } else { 0 };
    for end in 0..told {
        peer.will(Act::Close(whole[..end].to_vec()));
        let what = format!("{} {framing:?} cut at {end} of {}", sample.name, whole.len());
        let error = clients.ask_in_time(sample).await.expect_err(&what);
        assert!(UNKNOWN.contains(&error.class), "{what}: {error:?}");
        assert_eq!(peer.requests(), end + 1, "{what}: it is sent once");
    }
    peer.will(Act::Close(whole));
    let answer = clients.ask_in_time(sample).await;
    assert_eq!(answer.is_ok(), sample.status == 200, "{}: {answer:?}", sample.name);
    told
}

async fn cut_all(samples: &'static [Sample]) {
    let each = samples.iter().flat_map(|sample| Framing::ALL.map(|f| cut_everywhere(sample, f)));
    let cuts: usize = join_all(each).await.iter().sum();
    println!("{cuts} cuts");
    assert!(cuts > samples.len() * 300, "few cuts were made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_that_is_cut_anywhere_is_neither_a_success_nor_an_absence() {
    cut_all(&ANSWERS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refusal_that_is_cut_anywhere_does_not_say_that_something_is_gone() {
    cut_all(&REFUSALS).await;
}
