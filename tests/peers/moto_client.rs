//! The EC2 client, method by method.

use secrecy::SecretString;
use unpair::cloud::aws::{AwsClient, AwsConnector};
use unpair::cloud::{
    AccountSource, AwsSettings, Cloud, CloudError, ErrorClass, Http, RevokeOrder, StaticKey,
};
use unpair::model::{
    AccountId, CallForm, Direction, GroupId, Peer, Policy, PortRange, RegionId, Rule, RuleId,
};

use crate::moto_world;

/// The two accounts and a group of each.
struct World {
    region: RegionId,
    a: End,
    b: End,
    moto: moto_world::World,
}

struct End {
    account: AccountId,
    group: GroupId,
    key: StaticKey,
}

impl World {
    /// A new pair of groups; `None`, with a message, if there is no moto.
    fn seed() -> Self {
        let moto = moto_world::World::seed();
        let end = |side: &str| {
            let key = |field: &str| moto.text(&format!("/keys/{side}/{field}"));
            End {
                account: moto.text(&format!("/accounts/{side}")).into(),
                group: moto.text(&format!("/groups/{side}")).into(),
                key: StaticKey {
                    id: key("id").to_owned(),
                    secret: SecretString::from(key("secret")),
                    token: Some(SecretString::from(key("token"))),
                },
            }
        };
        Self { region: moto.text("/region").into(), a: end("a"), b: end("b"), moto }
    }

    /// The client with the session keys of `end`'s account.
    async fn client(&self, end: &End) -> AwsClient {
        let settings = AwsSettings {
            ec2_endpoint: Some(self.moto.url().to_owned()),
            sts_endpoint: Some(self.moto.url().to_owned()),
            ..AwsSettings::default()
        };
        let http = Http::new().expect("an HTTP client");
        AwsConnector::new(&http, &settings, "moto")
            .expect("settings")
            .connect(&AccountSource::Static(end.key.clone()), &end.account, Some(&self.region))
            .await
            .expect("a client")
    }

    async fn rules(&self, client: &AwsClient, group: &GroupId) -> Vec<Rule> {
        let page = client
            .rules(&self.region, std::slice::from_ref(group), None)
            .await
            .expect("rules")
            .value;
        assert_eq!(page.next, None);
        page.rules.into_iter().map(|(_, rule)| rule).collect()
    }

    async fn revoke(
        &self,
        client: &AwsClient,
        group: &GroupId,
        form: CallForm,
        rules: &[Rule],
    ) -> Result<(), CloudError> {
        let order = RevokeOrder {
            region: &self.region,
            group,
            direction: rules.first().expect("a rule").direction,
            form,
            rules,
            token: None,
        };
        client.revoke(&order).await.map(|answer| assert!(answer.value.returned))
    }
}

fn naming(rules: Vec<Rule>, end: &End, direction: Direction) -> Vec<Rule> {
    let peer = Peer::Group { id: end.group.clone(), owner: Some(end.account.clone()) };
    rules.into_iter().filter(|rule| rule.peer == peer && rule.direction == direction).collect()
}

fn class(result: Result<(), CloudError>) -> Option<ErrorClass> {
    result.err().map(|error| error.class)
}

#[tokio::test]
#[ignore = "needs UNPAIR_PEERS_PYTHON, which tests/all.sh sets"]
async fn session_keys_act_as_their_own_account() {
    let world = World::seed();
    for end in [&world.a, &world.b] {
        let client = world.client(end).await;
        let who = client.identify(&world.region).await.expect("an identity").value;
        assert_eq!(who.account, end.account);
        assert!(who.arn.contains("assumed-role/seed/seed"), "{}", who.arn);
    }
}

#[tokio::test]
#[ignore = "needs UNPAIR_PEERS_PYTHON, which tests/all.sh sets"]
async fn groups_and_rules_are_read_with_all_their_fields() {
    let world = World::seed();
    let client = world.client(&world.a).await;
    let named = [world.a.group.clone(), GroupId::new("sg-00000000000000000")];
    let groups = client.groups(&world.region, Some(&named), None).await.expect("groups").value;
    let [group] = groups.groups.as_slice() else { panic!("the one that exists: {groups:?}") };
    assert_eq!((&group.id, group.owner.as_ref()), (&world.a.group, Some(&world.a.account)));
    assert_eq!(group.name, "hub");

    let rules = world.rules(&client, &world.a.group).await;
    let ingress = naming(rules.clone(), &world.b, Direction::Ingress);
    assert_eq!(ingress.len(), 3, "{rules:?}");
    let ssh = ingress.iter().find(|rule| rule.protocol.as_str() == "tcp").expect("port 22");
    assert_eq!(ssh.ports, Some(PortRange { from: 22, to: 22 }));
    assert_eq!(ssh.fields.get("tag:why"), Some("seed"));
    let all = ingress.iter().find(|rule| rule.protocol.as_str() == "all").expect("all");
    assert_eq!(all.ports, Some(PortRange::ALL));
    assert_eq!(naming(rules.clone(), &world.b, Direction::Egress).len(), 1);
    for range in ["10.0.0.0/8", "2001:db8::/32"] {
        assert!(rules.iter().any(|rule| rule.peer == Peer::Cidr(range.to_owned())), "{range}");
    }
    assert!(rules.iter().all(|rule| rule.policy == Some(Policy::Accept)));
}

#[tokio::test]
#[ignore = "needs UNPAIR_PEERS_PYTHON, which tests/all.sh sets"]
async fn both_sides_are_severed_by_rule_id_and_a_second_time_nothing_is_there() {
    let world = World::seed();
    for (own, other) in [(&world.a, &world.b), (&world.b, &world.a)] {
        let client = world.client(own).await;
        let before = world.rules(&client, &own.group).await;
        for direction in [Direction::Ingress, Direction::Egress] {
            let grants = naming(before.clone(), other, direction);
            if grants.is_empty() {
                continue;
            }
            let revoke = || world.revoke(&client, &own.group, CallForm::RuleId, &grants);
            revoke().await.expect("revoked");
            assert_eq!(class(revoke().await), Some(ErrorClass::RuleMissing));
        }
        let after = world.rules(&client, &own.group).await;
        let names_other =
            |rule: &&Rule| matches!(&rule.peer, Peer::Group { id, .. } if *id == other.group);
        let rest: Vec<Rule> = before.iter().filter(|rule| !names_other(rule)).cloned().collect();
        assert_eq!(after, rest);
    }
}

#[tokio::test]
#[ignore = "needs UNPAIR_PEERS_PYTHON, which tests/all.sh sets"]
async fn rules_of_every_kind_are_revoked_by_their_values() {
    let world = World::seed();
    let client = world.client(&world.a).await;
    let rules = world.rules(&client, &world.a.group).await;
    for direction in [Direction::Ingress, Direction::Egress] {
        let of_direction: Vec<Rule> =
            rules.iter().filter(|rule| rule.direction == direction).cloned().collect();
        world
            .revoke(&client, &world.a.group, CallForm::Permissions, &of_direction)
            .await
            .expect("revoked");
        let again = &of_direction[..1];
        let again = world.revoke(&client, &world.a.group, CallForm::Permissions, again).await;
        assert_eq!(class(again), Some(ErrorClass::RuleMissing));
    }
    assert_eq!(world.rules(&client, &world.a.group).await, []);
}

#[tokio::test]
#[ignore = "needs UNPAIR_PEERS_PYTHON, which tests/all.sh sets"]
async fn the_first_manuals_example_removes_its_rule_by_group_name() {
    let world = World::seed();
    let client = world.client(&world.a).await;
    let rules = world.rules(&client, &world.a.group).await;
    let range = Peer::Cidr("10.0.0.0/8".to_owned());
    let udp = rules.iter().find(|rule| rule.peer == range).expect("the seeded range");
    client.revoke_named(&world.region, "hub", udp).await.expect("revoked");
    let after = world.rules(&client, &world.a.group).await;
    assert_eq!(after.len(), rules.len() - 1);
    assert!(after.iter().all(|rule| rule.peer != range));
}

#[tokio::test]
#[ignore = "needs UNPAIR_PEERS_PYTHON, which tests/all.sh sets"]
async fn a_missing_group_and_a_foreign_group_are_told_as_such() {
    let world = World::seed();
    let client = world.client(&world.a).await;
    let rules = world.rules(&client, &world.a.group).await;
    let grants = naming(rules, &world.b, Direction::Ingress);
    // Not the group of the pair: its shadow stands in this account.
    let theirs = world.client(&world.b).await.groups(&world.region, None, None).await;
    let theirs = theirs.expect("groups").value.groups;
    let foreign = theirs.iter().find(|group| group.name == "default").expect("a default group");
    for group in [GroupId::new("sg-00000000000000000"), foreign.id.clone()] {
        let by_id = world.revoke(&client, &group, CallForm::RuleId, &grants).await;
        assert_eq!(class(by_id), Some(ErrorClass::GroupMissing), "{group}");
        let by_values = world.revoke(&client, &group, CallForm::Permissions, &grants).await;
        assert_eq!(class(by_values), Some(ErrorClass::PeerMissing), "{group}");
    }
    let unknown = [Rule { id: RuleId::new("sgr-00000000000000000"), ..grants[0].clone() }];
    let unknown = world.revoke(&client, &world.a.group, CallForm::RuleId, &unknown).await;
    assert_eq!(class(unknown), Some(ErrorClass::RuleMissing));
}

#[tokio::test]
#[ignore = "needs UNPAIR_PEERS_PYTHON, which tests/all.sh sets"]
async fn all_groups_and_regions_are_listed() {
    let world = World::seed();
    let client = world.client(&world.b).await;
    let groups = client.groups(&world.region, None, None).await.expect("groups").value.groups;
    assert!(groups.iter().any(|group| group.id == world.b.group));
    assert!(groups.iter().all(|group| group.owner.as_ref() == Some(&world.b.account)));
    let regions = client.regions().await.expect("regions").value;
    assert!(regions.contains(&world.region), "{regions:?}");
}

#[tokio::test]
#[ignore = "needs UNPAIR_PEERS_PYTHON, which tests/all.sh sets"]
async fn a_page_of_html_is_an_error_of_the_server() {
    let world = World::seed();
    let client = world.client(&world.a).await;
    let nowhere = RegionId::new("zz-nowhere-9");
    let error = client.groups(&nowhere, None, None).await.expect_err("no such region");
    assert_eq!((error.class, error.http), (ErrorClass::Transient, Some(500)), "{error}");
}
