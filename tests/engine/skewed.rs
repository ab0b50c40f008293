//! A machine whose clock is off, and both clouds of the sandbox, which refuse what is signed by it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::time::{Duration, Instant, SystemTime};

use tokio_util::sync::CancellationToken;
use unpair::cloud::{
    AccountSettings, AccountSource, Accounts, Directory as _, ErrorClass, Http, Settings, StaticKey,
};
use unpair::exchange::{AccountError, Exchange, NoProgress};
use unpair::model::{LaneKey, Provider};
use unpair::pace::{LimitSettings, Pacer, RetryPolicy, Used};
use unpair::sandbox::{Sandbox, SandboxOptions, World, start};

/// Seconds that the clock of a machine is ahead.
type Ahead = Arc<AtomicI64>;

fn wall(ahead: &Ahead) -> impl Fn() -> SystemTime + Send + Sync + 'static {
    let ahead = Arc::clone(ahead);
    move || {
        let seconds = ahead.load(SeqCst);
        let apart = Duration::from_secs(seconds.unsigned_abs());
        let now = SystemTime::now();
        if seconds < 0 { now - apart } else { now + apart }
    }
}

/// The accounts of a sandbox, as a machine with this clock calls them.
fn accounts(sandbox: &Sandbox, ahead: &Ahead) -> Accounts {
    let of = |account: &unpair::sandbox::SandboxAccount| AccountSettings {
        cloud: account.cloud,
        id: Some(account.id.clone()),
        name: None,
        source: AccountSource::Static(StaticKey {
            id: account.access_key_id.clone(),
            secret: account.access_key_secret.clone().into(),
            token: None,
        }),
    };
    let mut settings = Settings {
        accounts: sandbox.accounts().iter().map(of).collect(),
        session: "run".to_owned(),
        ..Settings::default()
    };
    let (alibaba, aws) = (Some(sandbox.alibaba_url()), Some(sandbox.aws_url()));
    settings.alibaba.ecs_endpoint.clone_from(&alibaba);
    settings.alibaba.sts_endpoint = alibaba;
    settings.aws.ec2_endpoint.clone_from(&aws);
    settings.aws.sts_endpoint = aws;
    let http = Http::new().expect("TLS sets up").with_wall(wall(ahead));
    Accounts::over(http, settings).expect("loopback endpoints")
}

fn lane(sandbox: &Sandbox, cloud: Provider) -> LaneKey {
    let account = sandbox.accounts().iter().find(|account| account.cloud == cloud);
    let region = match cloud {
        Provider::Alibaba => "cn-hangzhou",
        Provider::Aws => "us-east-1",
    };
    let account = account.expect("an account of each cloud").id.clone();
    LaneKey { cloud, account, region: region.into() }
}

fn exchange(accounts: Accounts) -> Exchange {
    let pacer = Pacer::new(LimitSettings::defaults(), Used::new());
    let (policy, stop) = (RetryPolicy::default(), CancellationToken::new());
    Exchange::new(Arc::new(accounts), pacer, policy, stop, Arc::new(NoProgress))
}

async fn sandbox() -> Sandbox {
    start(SandboxOptions::new(World::sample())).await.expect("a sandbox")
}

#[tokio::test]
async fn a_time_that_a_cloud_refuses_is_signed_again_by_the_clouds_own_clock() {
    let sandbox = sandbox().await;
    for cloud in [Provider::Alibaba, Provider::Aws] {
        for seconds in [1_800, -1_800] {
            let known = sandbox.calls().len();
            let began = Instant::now();
            let exchange = exchange(accounts(&sandbox, &Arc::new(AtomicI64::new(seconds))));
            let lane = lane(&sandbox, cloud);
            let account = exchange.account(&lane).await;
            let account = account.unwrap_or_else(|error| panic!("{cloud} {seconds}: {error}"));
            assert_eq!(account.identity.account, lane.account);
            assert_eq!(sandbox.calls_from(known).len(), 2, "{cloud}: one refused, one answered");
            let time = account.client.time(&lane.region).expect("it answered");
            let apart = SystemTime::now().duration_since(time).unwrap_or_else(|it| it.duration());
            // The cloud tells whole seconds, at some time while it was asked.
            let most = Duration::from_secs(1) + began.elapsed();
            assert!(apart <= most, "{cloud} {seconds}: {apart:?}, at most {most:?}");
        }
    }
}

#[tokio::test]
async fn a_clock_that_is_set_once_more_is_refused_with_the_remedy() {
    let sandbox = sandbox().await;
    for cloud in [Provider::Alibaba, Provider::Aws] {
        let ahead = Arc::new(AtomicI64::new(1_800));
        let accounts = accounts(&sandbox, &ahead);
        let lane = lane(&sandbox, cloud);
        let client = accounts.client(cloud, &lane.account, Some(&lane.region)).await;
        let client = client.expect("a configured account");
        let class = async || client.identify(&lane.region).await.map(drop).map_err(|it| it.class);
        assert_eq!(class().await, Err(ErrorClass::Resign), "{cloud}");
        assert_eq!(class().await, Ok(()), "{cloud}");
        ahead.store(-9_000, SeqCst);
        assert_eq!(class().await, Err(ErrorClass::ClockSkew), "{cloud}");
        let exchange = exchange(accounts);
        let Err(AccountError::Cloud(error)) = exchange.account(&lane).await else {
            panic!("{cloud}: nothing that it signs is accepted");
        };
        assert!(error.message.contains("clock"), "{cloud}: {error}");
    }
}
