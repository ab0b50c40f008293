use super::*;
use crate::cloud::ErrorClass;
use crate::model::PortRange;
use crate::model::{Fields, GroupId, Policy, Protocol, RegionId};

const BATCH: Batch =
    Batch { revoke_ids: 100, revoke_permissions: 20, groups: 100, rules: 1, references: 10 };

fn rule(direction: Direction, owner: Option<&str>) -> Rule {
    Rule {
        id: "sgr-1".into(),
        direction,
        protocol: "tcp".parse::<Protocol>().expect("a protocol"),
        ports: Some(PortRange { from: 22, to: 22 }),
        source_ports: None,
        peer: Peer::Group { id: "sg-2".into(), owner: owner.map(Into::into) },
        policy: Some(Policy::Accept),
        priority: Some(7),
        nic_type: Some(NicType::Intranet),
        description: String::new(),
        fields: Fields::default(),
    }
}

fn sent(form: CallForm, rules: &[Rule]) -> Result<String, CloudError> {
    let (region, group) = (RegionId::from("cn-beijing"), GroupId::from("sg-1"));
    let direction = rules.first().map_or(Direction::Ingress, |rule| rule.direction);
    let order = RevokeOrder { region: &region, group: &group, direction, form, rules, token: None };
    let parameters = parameters(&order, &BATCH)?;
    let pairs = parameters.iter().skip(2).map(|(name, value)| format!("{name}={value}"));
    assert_eq!(parameters[0], ("RegionId".to_owned(), "cn-beijing".to_owned()));
    assert_eq!(parameters[1], ("SecurityGroupId".to_owned(), "sg-1".to_owned()));
    Ok(pairs.collect::<Vec<_>>().join(" "))
}

#[test]
fn by_rule_id_nothing_but_ids_is_sent() {
    let mut second = rule(Direction::Ingress, Some("42"));
    second.id = "sgr-2".into();
    let rules = [rule(Direction::Ingress, Some("42")), second];
    let text = sent(CallForm::RuleId, &rules).expect("valid");
    assert_eq!(text, "SecurityGroupRuleId.1=sgr-1 SecurityGroupRuleId.2=sgr-2");
}

#[test]
fn by_permissions_every_value_that_selects_the_rule_is_sent() {
    let text = sent(CallForm::Permissions, &[rule(Direction::Ingress, Some("42"))]);
    assert_eq!(
        text.expect("valid").replace("Permissions.1.", ""),
        "IpProtocol=tcp PortRange=22/22 SourceGroupId=sg-2 SourceGroupOwnerId=42 \
         NicType=intranet Policy=accept Priority=7"
    );
}

#[test]
fn the_flat_form_is_the_one_of_the_manual() {
    let mut manual = rule(Direction::Ingress, Some("b@aliyun.com"));
    manual.protocol = Protocol::all();
    manual.ports = Some(PortRange::ALL);
    manual.priority = None;
    assert_eq!(
        sent(CallForm::Flat, &[manual]).expect("valid"),
        "IpProtocol=all PortRange=-1/-1 SourceGroupId=sg-2 SourceGroupOwnerAccount=b@aliyun.com \
         NicType=intranet Policy=accept Priority=1"
    );
}

#[test]
fn egress_names_the_destination() {
    let mut egress = rule(Direction::Egress, Some("42"));
    egress.fields = [("SourceCidrIp", "10.0.0.0/8")].into_iter().collect();
    egress.source_ports = Some(PortRange::ALL);
    egress.description = "a note".into();
    assert_eq!(
        sent(CallForm::Flat, &[egress]).expect("valid"),
        "IpProtocol=tcp PortRange=22/22 SourcePortRange=-1/-1 DestGroupId=sg-2 \
         DestGroupOwnerId=42 SourceCidrIp=10.0.0.0/8 NicType=intranet Policy=accept Priority=7 \
         Description=a note"
    );
}

#[test]
fn ranges_and_lists_have_parameters_of_their_own() {
    for (peer, expected) in [
        (Peer::Cidr("10.0.0.0/8".into()), "SourceCidrIp=10.0.0.0/8 "),
        (Peer::Cidr("::/0".into()), "Ipv6SourceCidrIp=::/0 "),
        (Peer::PrefixList("pl-1".into()), "SourcePrefixListId=pl-1 "),
    ] {
        let rule = Rule { peer, nic_type: None, ..rule(Direction::Ingress, None) };
        let text = sent(CallForm::Flat, &[rule]).expect("valid");
        assert!(text.contains(expected) && !text.contains("NicType"), "{text}");
    }
}

#[test]
fn a_port_list_is_named_instead_of_its_empty_range() {
    let mut listed = rule(Direction::Ingress, None);
    listed.ports = None;
    listed.fields = [("PortRangeListId", "prl-1")].into_iter().collect();
    let text = sent(CallForm::Flat, &[listed]).expect("valid");
    assert!(text.contains("PortRangeListId=prl-1 ") && !text.contains("PortRange="), "{text}");
    let untold = Rule { ports: None, ..rule(Direction::Ingress, None) };
    assert!(
        sent(CallForm::Flat, std::slice::from_ref(&untold)).is_err(),
        "no value stands for all"
    );
    assert!(sent(CallForm::RuleId, &[untold]).is_ok());
    let silent = Rule { policy: None, ..rule(Direction::Ingress, None) };
    assert!(sent(CallForm::Permissions, &[silent]).is_err());
}

#[test]
fn what_no_call_can_say_is_refused_before_it_is_sent() {
    let one = rule(Direction::Ingress, None);
    let blind = Rule { id: "".into(), ..one.clone() };
    let other = Rule { peer: Peer::Other("?".into()), ..one.clone() };
    let mixed = vec![one.clone(), rule(Direction::Egress, None)];
    let cases = [
        (CallForm::RuleId, vec![]),
        (CallForm::RuleId, vec![one.clone(); 101]),
        (CallForm::Permissions, vec![one.clone(); 21]),
        (CallForm::Flat, vec![one.clone(); 2]),
        (CallForm::RuleId, vec![blind.clone()]),
        (CallForm::Flat, vec![other]),
        (CallForm::RuleId, mixed),
    ];
    for (form, rules) in cases {
        let error = sent(form, &rules).expect_err("refused");
        assert_eq!(error.class, ErrorClass::Config, "{error}");
    }
    assert!(sent(CallForm::Flat, &[blind]).is_ok(), "without an id the values still say it");
}
