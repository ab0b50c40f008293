//! What can be asked of a cloud, real answers to it, and what the client makes of an answer.

use std::sync::Arc;
use std::time::Duration;

use unpair::cloud::alibaba::connect;
use unpair::cloud::aws::AwsConnector;
use unpair::cloud::{
    AccountSource, AlibabaSettings, AwsSettings, Cloud, CloudError, Http, RevokeOrder, StaticKey,
};
use unpair::model::{
    CallForm, ClientToken, Direction, Fields, GroupId, Peer, Policy, PortRange, Protocol, RegionId,
    Rule,
};

/// A call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Identify,
    Groups,
    Rules,
    References,
    Regions,
    Revoke,
}

/// What an answer was taken to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// An identity by its account.
    Account(String),
    /// What is there: groups, rules, references or regions; and whether a page follows.
    List(Vec<String>, bool),
    /// The revocation was accepted.
    Revoked,
}

/// A real answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// The file in `answers/`.
    pub(crate) name: &'static str,
    pub(crate) is_aws: bool,
    pub(crate) ask: Ask,
    pub(crate) status: u16,
    pub(crate) body: &'static str,
}

macro_rules! sample {
    ($cloud:ident, $ask:ident, $status:literal, $name:literal) => {
        Sample {
            name: $name,
            is_aws: Sample::$cloud,
            ask: Ask::$ask,
            status: $status,
            body: include_str!(concat!("answers/", $name)).trim_ascii(),
        }
    };
}

impl Sample {
    const ALIBABA: bool = false;
    const AWS: bool = true;
}

/// Successes of every call in every format.
pub(crate) const ANSWERS: [Sample; 17] = [
    sample!(ALIBABA, Identify, 200, "alibaba_identity.json"),
    sample!(ALIBABA, Identify, 200, "alibaba_identity.xml"),
    sample!(ALIBABA, Groups, 200, "alibaba_groups.json"),
    sample!(ALIBABA, Groups, 200, "alibaba_groups.xml"),
    sample!(ALIBABA, Rules, 200, "alibaba_rules.json"),
    sample!(ALIBABA, Rules, 200, "alibaba_rules.xml"),
    sample!(ALIBABA, References, 200, "alibaba_references.json"),
    sample!(ALIBABA, References, 200, "alibaba_references.xml"),
    sample!(ALIBABA, Regions, 200, "alibaba_regions.json"),
    sample!(ALIBABA, Regions, 200, "alibaba_regions.xml"),
    sample!(ALIBABA, Revoke, 200, "alibaba_revoked.json"),
    sample!(ALIBABA, Revoke, 200, "alibaba_revoked.xml"),
    sample!(AWS, Identify, 200, "aws_identity.xml"),
    sample!(AWS, Groups, 200, "aws_groups.xml"),
    sample!(AWS, Rules, 200, "aws_rules.xml"),
    sample!(AWS, Regions, 200, "aws_regions.xml"),
    sample!(AWS, Revoke, 200, "aws_revoked.xml"),
];

/// Refusals that say that something is not there.
pub(crate) const REFUSALS: [Sample; 5] = [
    sample!(ALIBABA, Rules, 404, "alibaba_no_group.json"),
    sample!(ALIBABA, Revoke, 400, "alibaba_no_rule.json"),
    sample!(ALIBABA, Revoke, 400, "alibaba_no_rule.xml"),
    sample!(AWS, Rules, 400, "aws_no_group.xml"),
    sample!(AWS, Revoke, 400, "aws_no_rule.xml"),
];

/// How long reading one answer may take, whatever else the machine does.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// The clients of both clouds, served by one peer.
#[derive(Clone)]
pub(crate) struct Clients {
    alibaba: Arc<dyn Cloud>,
    aws: Arc<dyn Cloud>,
}

impl Clients {
    pub(crate) async fn of(url: &str, http: Http) -> Self {
        let key = StaticKey {
            id: "AKIDEXAMPLE".to_owned(),
            secret: "a secret".to_owned().into(),
            token: None,
        };
        let source = AccountSource::Static(key);
        let settings = AwsSettings {
            ec2_endpoint: Some(url.to_owned()),
            sts_endpoint: Some(url.to_owned()),
            ..AwsSettings::default()
        };
        let region = RegionId::from("us-east-1");
        let aws = AwsConnector::new(&http, &settings, "fuzz")
            .expect("loopback is an endpoint")
            .connect(&source, &"111111111111".into(), Some(&region))
            .await;
        let settings = AlibabaSettings {
            ecs_endpoint: Some(url.to_owned()),
            sts_endpoint: Some(url.to_owned()),
            ..AlibabaSettings::default()
        };
        let account = "1234567890123401".into();
        let alibaba = connect(http, &settings, &source, &account, "fuzz", Arc::new(|_| None));
        Self {
            alibaba: Arc::new(alibaba.expect("a key in memory")),
            aws: Arc::new(aws.expect("a key in memory")),
        }
    }

    /// Asks as `sample` was asked.
    ///
    /// A decoder that hangs would hold a thread for ever: the test fails after two minutes.
    pub(crate) async fn ask_in_time(&self, sample: &'static Sample) -> Result<Told, CloudError> {
        let clients = self.clone();
        let asked = tokio::spawn(async move { clients.ask(sample).await });
        let told = tokio::time::timeout(PATIENCE, asked).await;
        told.expect("an answer is read in bounded time").expect("no answer makes a client panic")
    }

    /// Asks as `sample` was asked.
    pub(crate) async fn ask(&self, sample: &Sample) -> Result<Told, CloudError> {
        let (cloud, region) = if sample.is_aws {
            (&self.aws, RegionId::from("us-east-1"))
        } else {
            (&self.alibaba, RegionId::from("cn-hangzhou"))
        };
        let groups = [GroupId::from("sg-00000000000000001")];
        Ok(match sample.ask {
            Ask::Identify => {
                Told::Account(cloud.identify(&region).await?.value.account.to_string())
            }
            Ask::Groups => {
                let page = cloud.groups(&region, Some(&groups), None).await?.value;
                let ids = page.groups.into_iter().map(|group| group.id.to_string());
                Told::List(ids.collect(), page.next.is_some())
            }
            Ask::Rules => {
                let page = cloud.rules(&region, &groups, None).await?.value;
                let ids = page.rules.into_iter().map(|(_, rule)| rule.id.to_string());
                Told::List(ids.collect(), page.next.is_some())
            }
            Ask::References => {
                let answer = cloud.references(&region, &groups).await?.expect("Alibaba tells");
                Told::List(answer.value.all.iter().map(|r| r.by.to_string()).collect(), false)
            }
            Ask::Regions => {
                let answer = cloud.regions().await?;
                Told::List(answer.value.iter().map(ToString::to_string).collect(), false)
            }
            Ask::Revoke => {
                let answer = revoke(&**cloud, &region, &groups[0]).await?;
                assert!(answer, "accepted, and not so");
                Told::Revoked
            }
        })
    }
}

async fn revoke(cloud: &dyn Cloud, region: &RegionId, group: &GroupId) -> Result<bool, CloudError> {
    let token = ClientToken::from("u1token");
    let rules = [Rule {
        id: "sgr-00000000000000001".into(),
        direction: Direction::Ingress,
        protocol: Protocol::all(),
        ports: Some(PortRange::ALL),
        source_ports: None,
        peer: Peer::Group { id: "sg-2".into(), owner: None },
        policy: Some(Policy::Accept),
        priority: None,
        nic_type: None,
        description: String::new(),
        fields: Fields::default(),
    }];
    let order = RevokeOrder {
        region,
        group,
        direction: Direction::Ingress,
        form: CallForm::RuleId,
        rules: &rules,
        token: Some(&token),
    };
    Ok(cloud.revoke(&order).await?.value.returned)
}
