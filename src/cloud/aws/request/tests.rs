use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use serde::Deserialize;
use serde::de::{MapAccess, SeqAccess, Visitor};

use super::*;
use crate::cloud::ErrorClass;
use crate::cloud::aws::endpoints::Service;
use crate::cloud::aws::sign::{self, Signing};
use crate::model::{AccountId, Fields, Policy, RegionId};

/// 2026-01-02T03:04:05Z, the date of the vectors.
const DATE: Duration = Duration::from_secs(1_767_323_045);

#[derive(Deserialize)]
struct Vectors {
    access_key: String,
    secret_key: String,
    session_token: String,
    region: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    service: String,
    action: String,
    params: Json,
    body: String,
    host: String,
    x_amz_date: String,
    authorization: String,
    authorization_with_token: String,
}

/// JSON whose objects keep their order, which is the order of the parameters.
enum Json {
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Json;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, a number, a boolean, a list or an object")
            }
            fn visit_str<E>(self, text: &str) -> Result<Json, E> {
                Ok(Json::Text(text.to_owned()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
                Ok(Json::Text(number.to_string()))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Text(value.to_string()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Json::List(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Json::Object(fields))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// A member's name on the wire, where it is not its own name.
fn wire_name(member: &str) -> &str {
    match member {
        "UserIdGroupPairs" => "Groups",
        "Filters" => "Filter",
        "Values" => "Value",
        "GroupIds" => "GroupId",
        "SecurityGroupRuleIds" => "SecurityGroupRuleId",
        "TagSpecifications" => "TagSpecification",
        "Tags" => "Tag",
        other => other,
    }
}

fn write(query: Query, name: &str, value: &Json) -> Query {
    match value {
        Json::Text(text) => query.with(name, text),
        Json::List(items) => (1..)
            .zip(items)
            .fold(query, |query, (n, item)| write(query, &format!("{name}.{n}"), item)),
        Json::Object(fields) => fields.iter().fold(query, |query, (member, field)| {
            let prefix = if name.is_empty() { String::new() } else { format!("{name}.") };
            write(query, &format!("{prefix}{}", wire_name(member)), field)
        }),
    }
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../../tests/vectors/aws_query_vectors.json"))
        .expect("readable vectors")
}

fn query(case: &Case) -> Query {
    let query = match case.service.as_str() {
        "ec2" => Query::ec2(&case.action),
        _ => Query::sts(&case.action),
    };
    write(query, "", &case.params)
}

#[test]
fn bodies_and_signatures_equal_those_of_the_official_client() {
    let vectors = vectors();
    assert_eq!(vectors.cases.len(), 14);
    for case in &vectors.cases {
        let body = query(case).body();
        assert_eq!(body, case.body);
        for (token, authorization) in [
            (None, &case.authorization),
            (Some(vectors.session_token.clone()), &case.authorization_with_token),
        ] {
            let credentials = Credentials::new(
                &vectors.access_key,
                &vectors.secret_key,
                token.clone(),
                None,
                "vectors",
            );
            let signing = Signing {
                credentials: &credentials,
                service: if case.service == "ec2" { Service::Ec2 } else { Service::Sts },
                region: &RegionId::new(&vectors.region),
                time: UNIX_EPOCH + DATE,
            };
            let url = format!("https://{}/", case.host);
            let headers = sign::headers(signing, &url, body.as_bytes()).expect("signable");
            let header = |name: &str| {
                headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
            };
            assert_eq!(header("authorization"), Some(authorization.as_str()), "{}", case.action);
            assert_eq!(header("x-amz-date"), Some(case.x_amz_date.as_str()));
            assert_eq!(header("x-amz-security-token"), token.as_deref());
        }
    }
}

#[test]
fn our_own_requests_are_those_of_the_official_client() {
    let bodies: Vec<String> = vectors().cases.into_iter().map(|case| case.body).collect();
    let group = GroupId::new("sg-0123456789abcdef0");
    let ids = ["sgr-0a1b2c3d4e5f60718", "sgr-0a1b2c3d4e5f60719"];
    let by_id: Vec<Rule> =
        ids.iter().map(|id| Rule { id: (*id).into(), ..rule("tcp", peer_group()) }).collect();
    let all = [rule("-1", peer_group())];
    let order = |direction, form, rules| -> Query {
        revoke(&RevokeOrder {
            region: &RegionId::new("us-east-1"),
            group: &group,
            direction,
            form,
            rules,
            token: None,
        })
        .expect("a supported form")
    };
    for ours in [
        order(Direction::Ingress, CallForm::Permissions, &all),
        order(Direction::Egress, CallForm::Permissions, &all),
        order(Direction::Ingress, CallForm::RuleId, &by_id),
        rules(std::slice::from_ref(&group), None),
        identify(),
    ] {
        assert!(bodies.contains(&ours.body()), "{}", ours.body());
    }
    let assumed = assume_role("arn:aws:iam::222222222222:role/x", "unpair-1", Some("e:x/1"));
    assert!(bodies.contains(&format!("{}&DurationSeconds=900", assumed.body())));
}

fn peer_group() -> Peer {
    Peer::Group {
        id: GroupId::new("sg-0fedcba9876543210"),
        owner: Some(AccountId::new("222222222222")),
    }
}

fn rule(protocol: &str, peer: Peer) -> Rule {
    Rule {
        id: "".into(),
        direction: Direction::Ingress,
        protocol: protocol.parse().expect("a protocol"),
        ports: Some(PortRange::ALL),
        source_ports: None,
        peer,
        policy: Some(Policy::Accept),
        priority: None,
        nic_type: None,
        description: String::new(),
        fields: Fields::default(),
    }
}

fn with_ports(protocol: &str, ports: &str) -> Rule {
    Rule { ports: Some(ports.parse().expect("ports")), ..rule(protocol, peer_group()) }
}

fn sent(direction: Direction, form: CallForm, rules: &[Rule]) -> Result<String, CloudError> {
    let (region, group) = (RegionId::new("us-east-1"), GroupId::new("sg-1"));
    let order = RevokeOrder { region: &region, group: &group, direction, form, rules, token: None };
    let query = revoke(&order)?;
    let parameters = query.clone().into_parameters();
    assert_eq!(parameters.len(), query.body().split('&').count());
    Ok(query.body())
}

fn permissions(rules: &[Rule]) -> String {
    let body = sent(Direction::Ingress, CallForm::Permissions, rules).expect("supported");
    let start = "Action=RevokeSecurityGroupIngress&Version=2016-11-15&GroupId=sg-1&IpPermissions.";
    body.strip_prefix(start).expect("the usual start").to_owned()
}

#[test]
fn ports_are_sent_as_the_protocol_wants_them() {
    let group =
        "1.Groups.1.GroupId=sg-0fedcba9876543210&IpPermissions.1.Groups.1.UserId=222222222222";
    for (protocol, ports, expected) in [
        ("all", "-1/-1", "1.IpProtocol=-1"),
        ("tcp", "22/23", "1.IpProtocol=tcp&IpPermissions.1.FromPort=22&IpPermissions.1.ToPort=23"),
        ("17", "53/53", "1.IpProtocol=udp&IpPermissions.1.FromPort=53&IpPermissions.1.ToPort=53"),
        (
            "icmp",
            "-1/-1",
            "1.IpProtocol=icmp&IpPermissions.1.FromPort=-1&IpPermissions.1.ToPort=-1",
        ),
        (
            "icmpv6",
            "8/-1",
            "1.IpProtocol=icmpv6&IpPermissions.1.FromPort=8&IpPermissions.1.ToPort=-1",
        ),
        ("gre", "-1/-1", "1.IpProtocol=47"),
        ("50", "-1/-1", "1.IpProtocol=50"),
    ] {
        let body = permissions(&[with_ports(protocol, ports)]);
        assert_eq!(body, format!("{expected}&IpPermissions.{group}"), "{protocol}");
    }
}

#[test]
fn every_kind_of_peer_has_its_parameter() {
    let deleted = Peer::Group { id: GroupId::new("sg-2"), owner: None };
    let bodies = permissions(&[
        rule("-1", deleted),
        rule("-1", Peer::Cidr("10.0.0.0/8".to_owned())),
        rule("-1", Peer::Cidr("::/0".to_owned())),
        rule("-1", Peer::PrefixList("pl-1".to_owned())),
    ]);
    let expected = "1.IpProtocol=-1&IpPermissions.1.Groups.1.GroupId=sg-2\
        &IpPermissions.2.IpProtocol=-1&IpPermissions.2.IpRanges.1.CidrIp=10.0.0.0%2F8\
        &IpPermissions.3.IpProtocol=-1&IpPermissions.3.Ipv6Ranges.1.CidrIpv6=%3A%3A%2F0\
        &IpPermissions.4.IpProtocol=-1&IpPermissions.4.PrefixListIds.1.PrefixListId=pl-1";
    assert_eq!(bodies, expected);
}

#[test]
fn the_example_of_the_first_manual_is_sent_as_it_stands_there() {
    let range = Peer::Cidr("205.192.0.0/16".to_owned());
    let example = Rule { peer: range, ..with_ports("tcp", "80/80") };
    let body = revoke_named("websrv", &example).expect("the manual's example").body();
    let expected = "Action=RevokeSecurityGroupIngress&Version=2016-11-15&GroupName=websrv\
        &IpProtocol=tcp&FromPort=80&ToPort=80&CidrIp=205.192.0.0%2F16";
    assert_eq!(body, expected);
    let by_id = sent(Direction::Ingress, CallForm::Flat, &[example]).expect("also by group id");
    assert_eq!(by_id, expected.replace("GroupName=websrv", "GroupId=sg-1"));
}

#[test]
fn what_ec2_does_not_take_is_told_before_anything_is_sent() {
    let range = rule("-1", Peer::Cidr("10.0.0.0/8".to_owned()));
    let six = rule("-1", Peer::Cidr("::/0".to_owned()));
    let other = rule("-1", Peer::Other(String::new()));
    let group = rule("-1", peer_group());
    for (direction, form, rules) in [
        (Direction::Egress, CallForm::Flat, vec![range.clone()]),
        (Direction::Ingress, CallForm::Flat, vec![group.clone()]),
        (Direction::Ingress, CallForm::Flat, vec![six]),
        (Direction::Ingress, CallForm::Flat, vec![range.clone(), range]),
        (Direction::Ingress, CallForm::Permissions, vec![other]),
        (Direction::Ingress, CallForm::RuleId, vec![group]),
        (Direction::Ingress, CallForm::RuleId, vec![]),
    ] {
        let refused = sent(direction, form, &rules).map_err(|error| error.class);
        assert_eq!(refused, Err(ErrorClass::Config), "{direction} {form} {rules:?}");
    }
}

#[test]
fn a_listing_without_groups_sends_no_empty_filter() {
    assert_eq!(
        groups(None, Some("tok=/+")).body(),
        "Action=DescribeSecurityGroups&Version=2016-11-15&MaxResults=1000&NextToken=tok%3D%2F%2B"
    );
}
