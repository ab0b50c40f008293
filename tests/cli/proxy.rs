//! A company's proxy: it takes CONNECT, signs TLS anew by an authority of its own, and has the
//! sandbox behind every host of the providers.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// The authority of the proxy. Its key is kept nowhere.
pub(crate) const AUTHORITY: &str = include_str!("proxy/authority.pem");
const HOSTS: &str = include_str!("proxy/hosts.pem");
/// The key of a certificate that only tests trust.
const KEY: &str = include_str!("proxy/hosts.key");

/// What answers in the place of a host: given a host and a request, an answer, or the
/// `127.0.0.1:PORT` that has one.
type Behind = dyn Fn(&str, &str) -> Result<String, String> + Send + Sync;

/// The proxy while it serves.
pub(crate) struct Proxy {
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub(crate) fn start(
        behind: impl Fn(&str, &str) -> Result<String, String> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback binds");
        let address = listener.local_addr().expect("bound").to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (noted, behind, tls): (_, Arc<Behind>, _) =
            (Arc::clone(&asked), Arc::new(behind), tls());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (noted, behind, tls) =
                    (Arc::clone(&noted), Arc::clone(&behind), Arc::clone(&tls));
                // Whoever trusts nobody hangs up.
                std::thread::spawn(move || serve(stream, &noted, &*behind, tls));
            }
        });
        Self { address, asked }
    }

    /// The hosts that it was asked for, each once.
    pub(crate) fn hosts(&self) -> Vec<String> {
        let mut hosts = self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }
}

fn tls() -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = CertificateDer::pem_slice_iter(HOSTS.as_bytes());
    let chain = chain.collect::<Result<_, _>>().expect("certificates");
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).expect("a key");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key);
    Arc::new(config.expect("the key of the certificate"))
}

/// One connection: one CONNECT, one request.
fn serve(
    mut stream: TcpStream,
    asked: &Mutex<Vec<String>>,
    behind: &Behind,
    tls: Arc<ServerConfig>,
) -> io::Result<()> {
    let head = read_request(&mut stream)?;
    let target = head.split(' ').nth(1).unwrap_or_default();
    let host = target.split(':').next().unwrap_or_default();
    asked.lock().unwrap_or_else(PoisonError::into_inner).push(host.to_owned());
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let connection = ServerConnection::new(tls).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    let request = read_request(&mut stream)?;
    let answer = match behind(host, &request) {
        Ok(answer) => answer.into_bytes(),
        Err(address) => forward(&address, &request)?,
    };
    stream.write_all(&answer)?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// A head, and as much of a body as it announces.
fn read_request(stream: &mut impl Read) -> io::Result<String> {
    let (mut bytes, mut more) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().expect("a number")) {
                return Ok(text.into_owned());
            }
        }
        match stream.read(&mut more)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => bytes.extend_from_slice(&more[..read]),
        }
    }
}

/// Passes a request on, to be answered once.
fn forward(address: &str, request: &str) -> io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(address)?;
    server.write_all(request.replacen("\r\n", "\r\nconnection: close\r\n", 1).as_bytes())?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    Ok(answer)
}

/// A proxy that answers everything with `status`, and the connections it was asked for.
pub(crate) fn refusing(status: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback binds");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let text = read_request(&mut stream).unwrap_or_default();
            let line = text.lines().next().unwrap_or_default().to_owned();
            noted.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            // Whoever has gone does not want it.
            let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        }
    });
    (url, asked)
}
