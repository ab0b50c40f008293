//! Answers that somebody made up to mislead or to exhaust a client.

use std::time::Duration;

use unpair::cloud::{CloudError, Deadlines, ErrorClass, Http, MAX_READ_BODY, MAX_WRITE_BODY};

use crate::asking::{ANSWERS, Ask, Clients, PATIENCE, Sample, Told};
use crate::peer::{Act, Framing, Peer, kept};

const HEAD: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\n";

async fn client() -> (Peer, Clients) {
    client_with(Deadlines::default()).await
}

async fn client_with(deadlines: Deadlines) -> (Peer, Clients) {
    let peer = Peer::start().await;
    let http = Http::with_deadlines(deadlines).expect("a client");
    let clients = Clients::of(&peer.url(), http).await;
    (peer, clients)
}

fn assert_unknown(sample: &Sample, what: &str, answer: Result<Told, CloudError>) -> CloudError {
    let error = answer.expect_err(&format!("{} answered with {what}", sample.name));
    assert_eq!(error.class, ErrorClass::Lost, "{} answered with {what}: {error}", sample.name);
    error
}

/// One read and one write of each cloud and format.
fn read_and_write() -> impl Iterator<Item = &'static Sample> {
    ANSWERS.iter().filter(|sample| matches!(sample.ask, Ask::Rules | Ask::Revoke))
}

/// Every such call answered with status 200 and `body`: it must stay unknown what became of it.
async fn assert_unknown_to_all(what: &str, body: &[u8]) {
    let (peer, clients) = client().await;
    peer.will(Act::Keep(kept(200, body)));
    for sample in read_and_write() {
        assert_unknown(sample, what, clients.ask_in_time(sample).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_are_no_answer_leave_everything_unknown() {
    for (what, body) in [
        ("nothing", ""),
        ("text", "OK"),
        ("a word", "null"),
        ("a list", "[]"),
        ("an object", "{}"),
        ("an element", "<a/>"),
        ("a login page", "<!DOCTYPE html><html><head><title>Sign in</title></head></html>"),
        ("XHTML", "<html xmlns='http://www.w3.org/1999/xhtml'><body><form/></body></html>"),
        ("an error without a code", "<Response><Errors/><RequestID>R</RequestID></Response>"),
        ("an empty error", "<ErrorResponse/>"),
        ("a code nobody knows", r#"{"RequestId":"R","Code":"Novel","Message":"?"}"#),
    ] {
        assert_unknown_to_all(what, body.as_bytes()).await;
    }
    assert_unknown_to_all("what is not UTF-8", b"<a>\xff\xfe</a>").await;
    assert_unknown_to_all("zeros", &[0; 4096]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bombs_and_nestings_leave_everything_unknown() {
    let nested = |open: &str, close: &str| {
        format!("{}{}", open.repeat(200_000), close.repeat(200_000)).into_bytes()
    };
    for (what, body) in [
        ("deep XML", nested("<a>", "</a>")),
        ("deep XML without an end", "<a>".repeat(200_000).into_bytes()),
        ("deep objects", nested(r#"{"a":"#, "}")),
        ("deep lists", nested(r#"{"a":["#, "]}")),
        ("lists in lists", [b"{\"a\":".to_vec(), nested("[", "]"), b"}".to_vec()].concat()),
        ("a million laughs", laughs(9).into_bytes()),
        ("a quadratic entity", quadratic().into_bytes()),
        ("fields without end", fields(600_000).into_bytes()),
        ("elements without end", format!("<a>{}</a>", "<b/>".repeat(600_000)).into_bytes()),
    ] {
        assert_unknown_to_all(what, &body).await;
    }
}

fn laughs(levels: usize) -> String {
    let entity = |n: usize| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10));
    let entities: Vec<String> = (1..=levels).map(entity).collect();
    format!("<!DOCTYPE a [<!ENTITY l0 \"ha\">{}]><a>&l{levels};</a>", entities.concat())
}

fn quadratic() -> String {
    format!("<!DOCTYPE a [<!ENTITY b \"{}\">]><a>{}</a>", "b".repeat(50_000), "&b;".repeat(50_000))
}

fn fields(count: usize) -> String {
    let fields: Vec<String> = (0..count).map(|n| format!("\"f{n}\":0")).collect();
    format!("{{{}}}", fields.join(","))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entities_of_elsewhere_are_neither_read_nor_fetched() {
    let elsewhere = Peer::start().await;
    let (peer, clients) = client().await;
    for place in ["file:///etc/hostname".to_owned(), elsewhere.url()] {
        for sample in ANSWERS.iter().filter(|sample| sample.body.contains("</")) {
            let start = sample.body.find("?>").map_or(0, |at| at + 2);
            let (head, root) = sample.body.split_at(start);
            let body = format!("{head}<!DOCTYPE a [<!ENTITY b SYSTEM \"{place}\">]>{root}");
            peer.will(Act::Keep(kept(200, body.as_bytes())));
            assert_unknown(sample, "a document type", clients.ask_in_time(sample).await);
        }
    }
    assert_eq!(elsewhere.requests(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_of_any_length_is_read_to_its_limit_alone() {
    // A busy machine takes longer than a call may.
    let unhurried = Deadlines { idle: PATIENCE, whole: PATIENCE, ..Deadlines::default() };
    let (peer, clients) = client_with(unhurried).await;
    for sample in read_and_write() {
        let limit = if sample.ask == Ask::Revoke { MAX_WRITE_BODY } else { MAX_READ_BODY };
        for framing in Framing::ALL {
            let mut body = sample.body.as_bytes().to_vec();
            body.resize(limit, b' ');
            peer.will(Act::Close(framing.frame(200, &body)));
            assert!(clients.ask_in_time(sample).await.is_ok(), "{} at the limit", sample.name);
            body.push(b' ');
            peer.will(Act::Close(framing.frame(200, &body)));
            let error = assert_unknown(sample, "too much", clients.ask_in_time(sample).await);
            assert_eq!(error.code, "too_large");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encoding_that_was_not_asked_for_is_not_guessed_at() {
    let (peer, clients) = client().await;
    for encoding in ["br", "deflate", "zstd", "compress", "gzip", "gzip, gzip"] {
        for sample in &ANSWERS {
            let body = format!("{HEAD}content-encoding: {encoding}\r\n\r\n\x1f\u{8b}garbage");
            peer.will(Act::Close(body.into_bytes()));
            assert_unknown(sample, encoding, clients.ask_in_time(sample).await);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_is_refused_and_the_signed_request_goes_nowhere_else() {
    let elsewhere = Peer::start().await;
    let (peer, clients) = client().await;
    for status in [300, 301, 302, 303, 307, 308] {
        for sample in &ANSWERS {
            let place = elsewhere.url();
            let reply = format!(
                "HTTP/1.1 {status} X\r\nlocation: {place}/\r\nconnection: close\r\n\
                 content-length: {}\r\n\r\n{}",
                sample.body.len(),
                sample.body
            );
            peer.will(Act::Close(reply.into_bytes()));
            assert_unknown(sample, "a redirect", clients.ask_in_time(sample).await);
        }
    }
    assert_eq!((peer.requests(), elsewhere.requests()), (6 * ANSWERS.len(), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_that_are_out_of_order_never_change_what_is_told() {
    let (peer, clients) = client().await;
    for sample in &ANSWERS {
        let body = sample.body;
        let length = body.len();
        let framed = format!("content-length: {length}\r\n\r\n{body}");
        peer.will(Act::Close(format!("{HEAD}{framed}").into_bytes()));
        let told = clients.ask_in_time(sample).await.expect("a whole answer");
        for (what, reply) in [
            ("early hints", format!("HTTP/1.1 103 Early\r\nlink: <x>\r\n\r\n{HEAD}{framed}")),
            ("100 alone", "HTTP/1.1 100 Continue\r\n\r\n".repeat(100)),
            ("two framings", format!("{HEAD}transfer-encoding: chunked\r\n{framed}")),
            ("two lengths", format!("{HEAD}content-length: 1\r\n{framed}")),
            ("a negative length", format!("{HEAD}content-length: -1\r\n\r\n{body}")),
            (
                "a length beyond all",
                format!("{HEAD}content-length: 9{}\r\n\r\n{body}", "9".repeat(30)),
            ),
            ("many headers", format!("{HEAD}{}{framed}", "x: y\r\n".repeat(10_000))),
            ("a long header", format!("{HEAD}x: {}\r\n{framed}", "y".repeat(1 << 20))),
            ("a switch of protocols", format!("HTTP/1.1 101 X\r\nupgrade: x\r\n\r\n{body}")),
            ("no content", format!("HTTP/1.1 204 X\r\n\r\n{body}")),
            ("a part", format!("HTTP/1.1 206 X\r\n{framed}")),
            ("a status beyond all", format!("HTTP/1.1 999 X\r\n{framed}")),
            ("another protocol", format!("SSH-2.0-OpenSSH_9.6\r\n{body}")),
            ("a body alone", body.to_owned()),
        ] {
            peer.will(Act::Close(reply.into_bytes()));
            match clients.ask_in_time(sample).await {
                Ok(other) => assert_eq!(other, told, "{} with {what}", sample.name),
                Err(error) => {
                    let unknown = [ErrorClass::Lost, ErrorClass::Transient];
                    assert!(
                        unknown.contains(&error.class),
                        "{} with {what}: {error:?}",
                        sample.name
                    );
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_without_a_request_id_proves_nothing() {
    let (peer, clients) = client().await;
    for sample in &ANSWERS {
        let body = sample.body.replace("equestId", "equestIx");
        peer.will(Act::Keep(kept(200, body.as_bytes())));
        assert_unknown(sample, "no request id", clients.ask_in_time(sample).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_about_something_else_proves_nothing() {
    let (peer, clients) = client().await;
    let listed =
        |sample: &&Sample| matches!(sample.ask, Ask::Groups | Ask::Rules | Ask::References);
    for sample in ANSWERS.iter().filter(listed) {
        let mut others = vec![sample.body.replace("sg-00000000000000001", "sg-00000000000000002")];
        if !sample.is_aws && sample.ask == Ask::Rules {
            others.push(
                sample
                    .body
                    .replace("cn-hangzhou", "cn-beijing")
                    .replace("<RequestId>", "<RegionId>cn-beijing</RegionId><RequestId>"),
            );
        }
        for other in others {
            peer.will(Act::Keep(kept(200, other.as_bytes())));
            assert_unknown(sample, "something else", clients.ask_in_time(sample).await);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_reset_on_the_way_leaves_everything_unknown() {
    let (peer, clients) = client().await;
    for sample in &ANSWERS {
        let whole = Framing::Length.frame(200, sample.body.as_bytes());
        for end in (0..whole.len()).step_by(whole.len() / 8) {
            peer.will(Act::Reset(whole[..end].to_vec()));
            assert_unknown(sample, "a reset", clients.ask_in_time(sample).await);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_peer_that_falls_silent_costs_the_idle_time_and_no_more() {
    let idle = Duration::from_millis(100);
    let whole = Duration::from_hours(1);
    let (peer, clients) = client_with(Deadlines { idle, whole, ..Deadlines::default() }).await;
    for sample in &ANSWERS {
        let reply = Framing::Length.frame(200, sample.body.as_bytes());
        for end in [0, 20, reply.len() - 1] {
            peer.will(Act::Hang(reply[..end].to_vec()));
            let error = assert_unknown(sample, "silence", clients.ask_in_time(sample).await);
            assert_eq!(error.code, "timeout");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_peer_that_drips_costs_the_whole_time_and_no_more() {
    let whole = Duration::from_millis(200);
    let idle = Duration::from_hours(1);
    let (peer, clients) = client_with(Deadlines { idle, whole, ..Deadlines::default() }).await;
    for sample in &ANSWERS {
        for reply in ["", "HTTP/1.1 200 OK\r\nx:", "HTTP/1.1 200 OK\r\n\r\n"] {
            peer.will(Act::Drip(reply.into()));
            let error = assert_unknown(sample, "drops", clients.ask_in_time(sample).await);
            assert!(["timeout", "cut"].contains(&error.code.as_str()), "{error}");
        }
    }
}
