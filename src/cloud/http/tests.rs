use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// Serves each connection with `reply` as raw bytes, then closes it.
async fn raw_server(reply: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback binds");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(reply).await;
            let _ = stream.shutdown().await;
        }
    });
    format!("http://{address}")
}

async fn post(http: &Http, url: &str) -> Result<HttpReply, CloudError> {
    http.post(url, vec![("x-test".into(), "1".into())], b"a=b".to_vec(), 64).await
}

fn http() -> Http {
    Http::new().expect("a client without certificates works too")
}

#[tokio::test]
async fn a_complete_answer_comes_back_with_its_status() {
    let url = raw_server(b"HTTP/1.1 503 Busy\r\nx-a: 7\r\ncontent-length: 2\r\n\r\nhi").await;
    let reply = post(&http(), &url).await.expect("an answer is an answer");
    assert_eq!((reply.status, reply.header("x-a"), &reply.body[..]), (503, Some("7"), &b"hi"[..]));
}

#[tokio::test]
async fn a_refused_connection_reached_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback binds");
    let refused = format!("http://{}", listener.local_addr().expect("bound"));
    drop(listener);
    let error = post(&http(), &refused).await.expect_err("nobody listens");
    assert_eq!(error.class, ErrorClass::Unreached, "{error}");
}

#[tokio::test]
async fn a_failed_tls_handshake_reached_nobody() {
    let url = raw_server(b"not TLS at all").await.replace("http://", "https://");
    let error = post(&http(), &url).await.expect_err("no TLS there");
    assert_eq!(error.class, ErrorClass::Unreached, "{error}");
}

#[tokio::test]
async fn an_answer_cut_at_any_byte_is_lost() {
    let http = http();
    let whole: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
    for cut in 0..whole.len() {
        let url = raw_server(&whole[..cut]).await;
        let error = post(&http, &url).await.expect_err("the answer is cut");
        assert_eq!(error.class, ErrorClass::Lost, "cut at {cut}: {error}");
    }
}

#[tokio::test]
async fn redirects_are_refused_and_not_followed() {
    let url = raw_server(
        b"HTTP/1.1 307 Moved\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    let error = post(&http(), &url).await.expect_err("a redirect");
    assert_eq!((error.class, error.code.as_str()), (ErrorClass::Lost, "redirect"));
}

#[tokio::test]
async fn an_answer_longer_than_the_limit_is_cut_off_and_lost() {
    let mut long = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
    long.resize(long.len() + 65, b'x');
    let url = raw_server(long.leak()).await;
    let error = post(&http(), &url).await.expect_err("65 bytes against a limit of 64");
    assert_eq!((error.class, error.code.as_str()), (ErrorClass::Lost, "too_large"));
}

/// A head for `body`, which is compressed and ends with the connection.
fn gzipped(body: &[u8]) -> &'static [u8] {
    let mut reply =
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n".to_vec();
    reply.extend_from_slice(body);
    reply.leak()
}

#[tokio::test]
async fn a_compressed_answer_is_read_whole_or_lost() {
    // "hello"
    let whole = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00";
    let http = http();
    let reply = post(&http, &raw_server(gzipped(whole)).await).await.expect("whole");
    assert_eq!(reply.body, b"hello");
    for cut in 1..whole.len() {
        let error = post(&http, &raw_server(gzipped(&whole[..cut])).await).await.expect_err("cut");
        assert_eq!(error.class, ErrorClass::Lost, "cut at {cut}: {error}");
    }
}

#[tokio::test]
async fn the_limit_counts_what_comes_out_of_compression() {
    // 100 times "x"
    let bomb = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xab\xa8\xa0\x3d\x00\x00\x8f\x5d\x0e\x5e\x64\x00\x00\x00";
    let error = post(&http(), &raw_server(gzipped(bomb)).await).await.expect_err("100 bytes");
    assert_eq!(error.code, "too_large");
}

#[tokio::test]
async fn a_silent_peer_is_lost_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback binds");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let soon = Duration::from_millis(50);
    let http = Http::with_deadlines(Deadlines { idle: soon, whole: soon, ..Deadlines::default() })
        .expect("a client");
    let error = post(&http, &url).await.expect_err("nobody answers");
    assert_eq!((error.class, error.code.as_str()), (ErrorClass::Lost, "timeout"));
}

#[tokio::test]
async fn what_no_header_can_hold_is_refused_without_being_shown() {
    let url = raw_server(b"").await;
    let headers = vec![("x-token".to_owned(), "se\ncret".to_owned())];
    let error = http().post(&url, headers, vec![], 64).await.expect_err("a line break");
    assert_eq!(error.class, ErrorClass::Config);
    assert!(!error.to_string().contains("cret"), "{error}");
}

#[test]
fn an_endpoint_is_https_or_loopback_and_nothing_but_host_and_port() {
    for good in [
        "https://ecs.{region}.aliyuncs.com",
        "https://ecs.example.com:8443/",
        "http://127.0.0.1:4010",
        "http://[::1]:4010",
        "http://localhost:4010",
    ] {
        assert_eq!(check_endpoint(good), Ok(()), "{good}");
    }
    for bad in [
        "http://ecs.example.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "https://user@ecs.example.com",
        "https://user:secret@ecs.example.com",
        "https://ecs.example.com/path",
        "https://ecs.example.com/?a=b",
        "https://ecs.example.com/#f",
        "ftp://127.0.0.1",
        "ecs.example.com",
        "",
    ] {
        assert!(check_endpoint(bad).is_err(), "{bad}");
    }
}
