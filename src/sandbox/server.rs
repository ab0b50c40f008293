//! The running sandbox: two listeners on loopback over one live world.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use futures_util::{StreamExt as _, stream};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::alibaba::Alibaba;
use super::aws::Aws;
use super::connection::{ConnectionCutter, CuttableListener};
use super::dialect::Dialect;
use super::error::SandboxError;
use super::exchange::{Delivery, exchange};
use super::faults::{InjectedFault, InjectedFaults};
use super::hold::{Held, Hold, Moment};
use super::http::{HttpRequest, HttpResponse, decode_pairs};
use super::live::Live;
use super::log::LoggedCall;
use super::options::{SandboxAccount, SandboxOptions};
use super::world::World;

/// Most bytes of a request body that are read.
const BODY_LIMIT: usize = 4 << 20;
/// How long a stop waits for exchanges that are in flight.
const STOP_PATIENCE: Duration = Duration::from_secs(2);

/// A running sandbox; it ends when it is stopped or dropped.
#[derive(Debug)]
pub struct Sandbox {
    addresses: [SocketAddr; 2],
    accounts: Vec<SandboxAccount>,
    live: Arc<Mutex<Live>>,
    servers: Vec<JoinHandle<std::io::Result<()>>>,
    stop: DropGuard,
}

#[derive(Clone)]
struct Shared {
    live: Arc<Mutex<Live>>,
    stop: CancellationToken,
}

/// Starts a sandbox. It answers as soon as this returns.
///
/// ```
/// use unpair::sandbox::{SandboxOptions, World, start};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), unpair::sandbox::SandboxError> {
/// let sandbox = start(SandboxOptions::new(World::sample())).await?;
/// assert!(sandbox.aws_url().starts_with("http://127.0.0.1:"));
/// assert!(sandbox.calls().is_empty());
/// # Ok(())
/// # }
/// ```
pub async fn start(options: SandboxOptions) -> Result<Sandbox, SandboxError> {
    let (alibaba, aws) = listen(options.listen).await?;
    let live = Live::open(options)?;
    let accounts = keyed_accounts(live.world());
    let shared = Shared { live: Arc::new(Mutex::new(live)), stop: CancellationToken::new() };
    let addresses = [address(&alibaba)?, address(&aws)?];
    let servers = vec![serve::<Alibaba>(alibaba, &shared), serve::<Aws>(aws, &shared)];
    Ok(Sandbox { addresses, accounts, live: shared.live, servers, stop: shared.stop.drop_guard() })
}

impl Sandbox {
    /// Where ECS and Alibaba Cloud's STS answer.
    pub fn alibaba_url(&self) -> String {
        format!("http://{}", self.addresses[0])
    }

    /// Where EC2 and AWS's STS answer.
    pub fn aws_url(&self) -> String {
        format!("http://{}", self.addresses[1])
    }

    /// The accounts that have a key; partners have none.
    pub fn accounts(&self) -> &[SandboxAccount] {
        &self.accounts
    }

    /// Every call since the start, in order of arrival.
    pub fn calls(&self) -> Vec<LoggedCall> {
        self.calls_from(0)
    }

    /// The calls but for the first `known`, in order of arrival.
    pub fn calls_from(&self, known: usize) -> Vec<LoggedCall> {
        self.live().log.calls().get(known..).unwrap_or_default().to_vec()
    }

    /// The world as it is now, whatever reads may still show.
    pub fn world(&self) -> World {
        self.live().world().clone()
    }

    /// Changes the world behind the clouds' backs; reads show it at once.
    pub fn edit(&self, change: impl FnOnce(&mut World)) {
        if let Err(error) = self.live().edit(change) {
            tracing::error!(%error, "the sandbox cannot keep its state");
        }
    }

    /// What goes wrong from now on, in place of what did so far.
    pub fn set_faults(&self, faults: Vec<InjectedFault>) {
        self.live().faults = InjectedFaults::new(faults, 0);
    }

    /// Lets `pass` more calls through that remove or add rules, then holds every one.
    pub fn hold(&self, pass: usize, moment: Moment) -> Held {
        let (own, given) = Hold::new(pass, moment);
        self.live().hold = Some(own);
        given
    }

    /// Stops: exchanges in flight end, connections are closed.
    pub async fn stop(self) {
        let Self { live, servers, stop, .. } = self;
        drop(stop);
        for mut server in servers {
            if tokio::time::timeout(STOP_PATIENCE, &mut server).await.is_err() {
                server.abort();
            }
        }
        lock(&live).close();
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        lock(&self.live)
    }
}

fn lock(live: &Mutex<Live>) -> MutexGuard<'_, Live> {
    live.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Both listeners: the second on the next port, or on any free one.
async fn listen(first: SocketAddr) -> Result<(TcpListener, TcpListener), SandboxError> {
    if !first.ip().is_loopback() {
        return Err(SandboxError::NotLoopback(first));
    }
    let told = |address| move |source| SandboxError::Listen { address, source };
    let alibaba = TcpListener::bind(first).await.map_err(told(first))?;
    let any = SocketAddr::new(first.ip(), 0);
    let next = first.port().checked_add(1).filter(|_| first.port() != 0);
    if let Some(port) = next
        && let Ok(aws) = TcpListener::bind(SocketAddr::new(first.ip(), port)).await
    {
        return Ok((alibaba, aws));
    }
    let aws = TcpListener::bind(any).await.map_err(told(any))?;
    Ok((alibaba, aws))
}

fn address(listener: &TcpListener) -> Result<SocketAddr, SandboxError> {
    let unknown = SocketAddr::from(([127, 0, 0, 1], 0));
    listener.local_addr().map_err(|source| SandboxError::Listen { address: unknown, source })
}

fn keyed_accounts(world: &World) -> Vec<SandboxAccount> {
    let keyed = world.accounts.iter().filter_map(|account| {
        Some(SandboxAccount {
            cloud: account.cloud,
            id: account.id.clone(),
            name: account.name.clone(),
            access_key_id: account.access_key_id.clone()?,
            access_key_secret: account.access_key_secret.clone()?,
        })
    });
    keyed.collect()
}

fn serve<D: Dialect>(listener: TcpListener, shared: &Shared) -> JoinHandle<std::io::Result<()>> {
    let service = Router::new()
        .fallback(answer::<D>)
        .with_state(shared.clone())
        .into_make_service_with_connect_info::<ConnectionCutter>();
    let stopped = shared.stop.clone().cancelled_owned();
    tokio::spawn(async move {
        axum::serve(CuttableListener(listener), service).with_graceful_shutdown(stopped).await
    })
}

/// One HTTP exchange of a dialect.
async fn answer<D: Dialect>(
    State(shared): State<Shared>,
    ConnectInfo(cutter): ConnectInfo<ConnectionCutter>,
    request: axum::extract::Request,
) -> Response {
    let Some(request) = read(request).await else {
        return plain(413, Vec::new(), Body::from("request body too large or cut short"));
    };
    let verdict = exchange::<D>(&mut lock(&shared.live), &request);
    if let Some(release) = verdict.held {
        shared.stop.run_until_cancelled(release.cancelled()).await.unwrap_or(());
    }
    match verdict.delivery {
        Delivery::Whole => {}
        Delivery::Half => return half(verdict.answer),
        Delivery::Late(wait) => {
            shared.stop.run_until_cancelled(tokio::time::sleep(wait)).await.unwrap_or(());
        }
        Delivery::Never => shared.stop.cancelled().await,
        Delivery::Cut => cutter.cut(),
    }
    plain(verdict.answer.status, verdict.answer.headers, Body::from(verdict.answer.body))
}

async fn read(request: axum::extract::Request) -> Option<HttpRequest> {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, BODY_LIMIT).await.ok()?.to_vec();
    let mut headers = std::collections::BTreeMap::<String, String>::new();
    for (name, value) in &head.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|joined| *joined = format!("{joined},{value}"))
            .or_insert_with(|| value.into_owned());
    }
    Some(HttpRequest {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: decode_pairs(head.uri.query().unwrap_or_default()),
        headers,
        body,
    })
}

/// An answer that promises its whole length and ends half way.
fn half(mut answer: HttpResponse) -> Response {
    let whole = answer.body.len();
    let mut cut = whole / 2;
    while !answer.body.is_char_boundary(cut) {
        cut -= 1;
    }
    answer.body.truncate(cut);
    answer.headers.push(("content-length", whole.to_string()));
    let first = stream::once(std::future::ready(Ok(answer.body)));
    let rest = stream::once(async {
        // An error at once would take the first half with it: one turn lets that leave.
        tokio::task::yield_now().await;
        Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe))
    });
    let body = Body::from_stream(first.chain(rest));
    plain(answer.status, answer.headers, body)
}

fn plain(status: u16, headers: Vec<(&'static str, String)>, body: Body) -> Response {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(body).unwrap_or_else(|_| Response::new(Body::empty()))
}
