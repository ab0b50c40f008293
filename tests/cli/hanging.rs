//! A service that never answers.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpSocket;
use tokio::runtime::Builder;

/// A service that takes connections and never answers.
pub(crate) struct Hanging {
    pub(crate) url: String,
    taken: Arc<Mutex<Vec<TcpStream>>>,
    _listener: Option<TcpListener>,
}

impl Hanging {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let taken = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&taken);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(stream);
            }
        });
        Self { url, taken, _listener: None }
    }

    /// One that takes no connection any more: those who dial it wait.
    pub(crate) fn full() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let listening = runtime.block_on(async {
            let socket = TcpSocket::new_v4()?;
            socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
            socket.listen(1)?.into_std()
        });
        let listener = listening.expect("a listener");
        let address = listener.local_addr().expect("bound");
        let url = format!("http://{address}");
        // What is dialled here is never accepted; beyond the backlog it does not even come about.
        let dial = || TcpStream::connect_timeout(&address, Duration::from_millis(300));
        let waiting: Vec<TcpStream> = std::iter::from_fn(|| dial().ok()).collect();
        let taken = Arc::new(Mutex::new(waiting));
        Self { url, taken, _listener: Some(listener) }
    }

    /// Whether somebody waits for a connection to it: state `02`, SYN sent, in the kernel's list.
    pub(crate) fn is_dialled(&self) -> bool {
        let port = self.url.rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
        let to = format!("0100007F:{:04X} 02", port.expect("a port"));
        std::fs::read_to_string("/proc/net/tcp").is_ok_and(|list| list.contains(&to))
    }

    pub(crate) fn calls(&self) -> usize {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
