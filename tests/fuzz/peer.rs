//! A server on loopback that answers whatever bytes the test wants, and counts what it was sent.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Sends these bytes and waits for the next request.
    Keep(Vec<u8>),
    /// Sends these bytes and closes.
    Close(Vec<u8>),
    /// Sends these bytes and resets the connection.
    Reset(Vec<u8>),
    /// Sends these bytes, and then blanks for ever, a byte each millisecond.
    Drip(Vec<u8>),
    /// Sends these bytes, and then nothing.
    Hang(Vec<u8>),
}

/// The server.
pub(crate) struct Peer {
    address: SocketAddr,
    next: Arc<Mutex<Act>>,
    requests: Arc<AtomicUsize>,
}

impl Peer {
    /// Starts it; it ends with the runtime.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback binds");
        let address = listener.local_addr().expect("bound");
        let next = Arc::new(Mutex::new(Act::Close(Vec::new())));
        let requests = Arc::new(AtomicUsize::new(0));
        let (act, count) = (Arc::clone(&next), Arc::clone(&requests));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&act), Arc::clone(&count)));
            }
        });
        Self { address, next, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How every request from now on is answered.
    pub(crate) fn will(&self, act: Act) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = act;
    }

    /// How many requests arrived whole.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(SeqCst)
    }
}

async fn serve(mut stream: TcpStream, act: Arc<Mutex<Act>>, count: Arc<AtomicUsize>) {
    let mut bytes = Vec::new();
    while take_request(&mut stream, &mut bytes).await.is_some() {
        count.fetch_add(1, SeqCst);
        let act = act.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // Whoever went away does not want the rest.
        let kept = match act {
            Act::Keep(reply) => stream.write_all(&reply).await.is_ok(),
            Act::Close(reply) => {
                let _ = stream.write_all(&reply).await;
                let _ = stream.shutdown().await;
                false
            }
            Act::Reset(reply) => {
                let _ = stream.write_all(&reply).await;
                let _ = stream.set_zero_linger();
                false
            }
            Act::Drip(reply) => drip(&mut stream, &reply).await,
            Act::Hang(reply) => {
                let _ = stream.write_all(&reply).await;
                std::future::pending().await
            }
        };
        if !kept {
            return;
        }
    }
}

/// The bytes of `reply`, then blanks, one by one until the other side has had enough.
async fn drip(stream: &mut TcpStream, reply: &[u8]) -> bool {
    for byte in reply.iter().copied().chain(std::iter::repeat(b' ')) {
        tokio::time::sleep(Duration::from_millis(1)).await;
        if stream.write_all(&[byte]).await.is_err() {
            break;
        }
    }
    false
}

/// Reads one request off the front of `bytes`; `None` at the end of the connection.
async fn take_request(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    loop {
        if let Some(length) = request_length(bytes) {
            assert!(bytes.starts_with(b"POST / HTTP/1.1\r\n"), "no parameter stands in a URL");
            bytes.drain(..length);
            return Some(());
        }
        stream.read_buf(bytes).await.ok().filter(|read| *read > 0)?;
    }
}

/// The length of the whole request at the front of `bytes`, if all of it is there.
fn request_length(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    // A request without a body tells no length.
    let told = text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let length = told.map_or(0, |length| length.parse::<usize>().expect("a client tells numbers"));
    (bytes.len() >= head + length).then_some(head + length)
}

/// How an answer's end is told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Framing {
    /// The length of the whole is told.
    Length,
    /// Pieces with their lengths, and an empty one at the end.
    Chunked,
    /// The body ends where the connection does: HTTP shows no cut.
    Close,
}

impl Framing {
    pub(crate) const ALL: [Self; 3] = [Self::Length, Self::Chunked, Self::Close];

    /// A whole answer.
    pub(crate) fn frame(self, status: u16, body: &[u8]) -> Vec<u8> {
        let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\n");
        let (more, body) = match self {
            Self::Length => (format!("content-length: {}\r\n\r\n", body.len()), body.to_vec()),
            Self::Chunked => ("transfer-encoding: chunked\r\n\r\n".to_owned(), chunked(body)),
            Self::Close => ("\r\n".to_owned(), body.to_vec()),
        };
        [head.as_bytes(), more.as_bytes(), &body].concat()
    }
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in body.chunks(64) {
        out.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        out.extend_from_slice(piece);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n\r\n");
    out
}

/// A whole answer on a connection that stays open.
pub(crate) fn kept(status: u16, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}
