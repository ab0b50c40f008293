use super::*;

fn root(inner: &str) -> Element<'static> {
    let body = format!("<R><requestId>r</requestId>{inner}</R>");
    Element::parse(body.leak().as_bytes()).expect("XML")
}

fn ids(ids: &[&str]) -> Vec<GroupId> {
    ids.iter().map(GroupId::new).collect()
}

const GROUP_RULE: &str = "<securityGroupRuleSet><item>
    <securityGroupRuleId>sgr-1</securityGroupRuleId><groupId>sg-a</groupId>
    <groupOwnerId>111111111111</groupOwnerId><isEgress>false</isEgress>
    <ipProtocol>tcp</ipProtocol><fromPort>22</fromPort><toPort>22</toPort>
    <referencedGroupInfo><groupId>sg-b</groupId><userId>222222222222</userId>
      <vpcId>vpc-2</vpcId><vpcPeeringConnectionId>pcx-1</vpcPeeringConnectionId>
    </referencedGroupInfo>
    <description> a &amp; b</description>
    <tagSet><item><key>why</key><value>ticket 7</value></item>
      <item><key>empty</key><value/></item></tagSet>
    <securityGroupRuleArn>arn:aws:ec2:us-east-1:1:security-group-rule/sgr-1</securityGroupRuleArn>
    <aFieldOfTomorrow>x</aFieldOfTomorrow>
  </item></securityGroupRuleSet>";

#[test]
fn a_rule_keeps_every_field() {
    let page = rules(&root(GROUP_RULE), &ids(&["sg-a"])).expect("readable");
    let [(group, rule)] = page.rules.as_slice() else { panic!("one rule: {page:?}") };
    assert_eq!((group.as_str(), rule.id.as_str()), ("sg-a", "sgr-1"));
    assert_eq!(rule.direction, Direction::Ingress);
    assert_eq!(rule.ports, Some(PortRange { from: 22, to: 22 }));
    let owner = Some(AccountId::new("222222222222"));
    assert_eq!(rule.peer, Peer::Group { id: GroupId::new("sg-b"), owner });
    assert_eq!(rule.description, " a & b");
    let fields: Vec<_> = rule.fields.iter().collect();
    assert_eq!(
        fields,
        [
            ("aFieldOfTomorrow", "x"),
            ("description", " a & b"),
            ("fromPort", "22"),
            ("groupId", "sg-a"),
            ("groupOwnerId", "111111111111"),
            ("ipProtocol", "tcp"),
            ("isEgress", "false"),
            ("referencedGroupInfo.groupId", "sg-b"),
            ("referencedGroupInfo.userId", "222222222222"),
            ("referencedGroupInfo.vpcId", "vpc-2"),
            ("referencedGroupInfo.vpcPeeringConnectionId", "pcx-1"),
            ("tag:empty", ""),
            ("tag:why", "ticket 7"),
            ("toPort", "22"),
        ]
    );
    assert_eq!((page.seen, page.next), (ids(&["sg-a"]), None));
}

fn one(item: &str) -> Result<Rule, Unreadable> {
    let fixed = "<securityGroupRuleId>sgr-1</securityGroupRuleId><groupId>sg-a</groupId>";
    let list = format!("<securityGroupRuleSet><item>{fixed}{item}</item></securityGroupRuleSet>");
    let page = rules(&root(&list), &ids(&["sg-a"]))?;
    page.rules.into_iter().next().map(|(_, rule)| rule).ok_or_else(|| "no rule".to_owned())
}

#[test]
fn peers_and_ports_of_every_kind_are_read() {
    let egress = "<isEgress>true</isEgress>";
    for (item, peer, ports) in [
        (
            "<ipProtocol>-1</ipProtocol><fromPort>-1</fromPort><toPort>-1</toPort>\
             <cidrIpv4>0.0.0.0/0</cidrIpv4>",
            Peer::Cidr("0.0.0.0/0".to_owned()),
            "-1/-1",
        ),
        (
            "<ipProtocol>-1</ipProtocol><fromPort>0</fromPort><toPort>65535</toPort>\
             <cidrIpv6>::/0</cidrIpv6>",
            Peer::Cidr("::/0".to_owned()),
            "-1/-1",
        ),
        (
            "<ipProtocol>50</ipProtocol><prefixListId>pl-1</prefixListId>",
            Peer::PrefixList("pl-1".to_owned()),
            "-1/-1",
        ),
        (
            "<ipProtocol>icmp</ipProtocol><fromPort>8</fromPort><toPort>-1</toPort>\
             <referencedGroupInfo><groupId>sg-gone</groupId></referencedGroupInfo>",
            Peer::Group { id: GroupId::new("sg-gone"), owner: None },
            "8/-1",
        ),
        ("<ipProtocol>udp</ipProtocol>", Peer::Unclear(vec![]), ""),
        ("<ipProtocol>icmp</ipProtocol><fromPort>8</fromPort>", Peer::Unclear(vec![]), ""),
        (
            "<ipProtocol>-1</ipProtocol><cidrIpv4>10.0.0.0/8</cidrIpv4><referencedGroupInfo>\
             <groupId>sg-b</groupId></referencedGroupInfo>",
            Peer::Unclear(vec![
                Peer::Group { id: GroupId::new("sg-b"), owner: None },
                Peer::Cidr("10.0.0.0/8".to_owned()),
            ]),
            "-1/-1",
        ),
        (
            "<ipProtocol>-1</ipProtocol><referencedGroupInfo><userId>2</userId>\
             </referencedGroupInfo>",
            Peer::Unclear(vec![]),
            "-1/-1",
        ),
        (
            "<ipProtocol>-1</ipProtocol><referencedServiceId>svc-1</referencedServiceId>",
            Peer::Other("referencedServiceId".to_owned()),
            "-1/-1",
        ),
    ] {
        let rule = one(&format!("{egress}{item}")).expect("readable");
        assert_eq!(rule.direction, Direction::Egress);
        assert_eq!((rule.peer, rule.ports), (peer, ports.parse().ok()));
    }
}

#[test]
fn a_rule_that_does_not_say_what_it_is_leaves_it_untold() {
    let group = "<referencedGroupInfo><groupId>sg-b</groupId></referencedGroupInfo>";
    for direction in ["", "<isEgress>maybe</isEgress>"] {
        let rule =
            one(&format!("{direction}<ipProtocol>tcp</ipProtocol>{group}")).expect("readable");
        let named = Peer::Group { id: GroupId::new("sg-b"), owner: None };
        assert_eq!(rule.peer, Peer::Unclear(vec![named]));
    }
    let egress = "<isEgress>true</isEgress>";
    let novel = one(&format!("{egress}<ipProtocol>quic</ipProtocol>{group}")).expect("readable");
    assert_eq!((novel.protocol.as_str(), novel.protocol.is_known()), ("quic", false));
    assert_eq!(novel.ports, None);
    assert!(!one(&format!("{egress}{group}")).expect("readable").protocol.is_known());
    let ports = "<ipProtocol>tcp</ipProtocol><fromPort>x</fromPort><toPort>22</toPort>";
    assert_eq!(one(&format!("{egress}{ports}{group}")).expect("readable").ports, None);
}

#[test]
fn a_group_is_listed_with_the_groups_that_its_permissions_name() {
    let permission = |groups: &str| {
        format!("<item><ipProtocol>-1</ipProtocol><groups>{groups}</groups><ipRanges/></item>")
    };
    let named = "<item><groupId>sg-b</groupId><userId>2</userId></item>\
        <item><groupId>sg-c</groupId></item>";
    let list = |inner: &str| {
        let list = format!(
            "<securityGroupInfo><item><groupId>SG-a</groupId>{inner}</item></securityGroupInfo>"
        );
        let page = groups(&root(&list), Some(&ids(&["sg-a"]))).expect("readable");
        assert_eq!(page.groups[0].id, GroupId::new("sg-a"), "as it was asked for");
        page.groups[0].names
    };
    let ingress = format!("<ipPermissions>{}</ipPermissions>", permission(named));
    let egress = "<ipPermissionsEgress/>";
    let mut expected = NamedGroups::default();
    expected.add(Direction::Ingress, &GroupId::new("sg-c"));
    expected.add(Direction::Ingress, &GroupId::new("sg-b"));
    assert_eq!(list(&format!("{ingress}{egress}")), Some(expected));
    assert_eq!(list(&format!("<ipPermissions/>{egress}")), Some(NamedGroups::default()));
    let half = list(&ingress).expect("the half that is told is compared");
    assert!(half.may_be(expected) && !half.may_be(NamedGroups::default()));
    let by_name = permission("<item><groupName>web</groupName></item>");
    let by_name = format!("<ipPermissions>{by_name}</ipPermissions>{egress}");
    assert_eq!(list(&by_name), None, "outside a VPC");
    let in_vpc = list(&format!("{by_name}<vpcId>vpc-1</vpcId>")).expect("a group is named");
    assert!(!in_vpc.may_be(NamedGroups::default()) && !in_vpc.may_be(expected));
}

#[test]
fn what_was_not_asked_for_is_unreadable() {
    assert!(rules(&root(GROUP_RULE), &ids(&["sg-c"])).is_err());
    let list = "<securityGroupInfo><item><groupId>sg-a</groupId></item></securityGroupInfo>";
    assert!(groups(&root(list), Some(&ids(&["sg-c"]))).is_err());
    assert!(groups(&root(list), None).is_ok());
}

#[test]
fn an_answer_without_its_list_is_no_empty_list() {
    assert!(rules(&root(""), &ids(&["sg-a"])).is_err());
    assert!(groups(&root(""), None).is_err());
    assert!(regions(&root("")).is_err());
    let nested = "<securityGroupRuleSet/><nextToken><x>t</x></nextToken>";
    assert!(rules(&root(nested), &ids(&["sg-a"])).is_err(), "that is not the last page");
    let empty = rules(&root("<securityGroupRuleSet/>"), &ids(&["sg-a"])).expect("an empty list");
    assert_eq!(empty, RulesPage::default());
}

#[test]
fn groups_come_with_owner_name_vpc_and_the_next_page() {
    let list = "<securityGroupInfo><item><ownerId>111111111111</ownerId><groupId>sg-a</groupId>\
        <groupName>web</groupName><vpcId>vpc-1</vpcId></item>\
        <item><groupId>sg-b</groupId></item></securityGroupInfo><nextToken>t=/</nextToken>";
    let page = groups(&root(list), None).expect("readable");
    assert_eq!(page.next.as_deref(), Some("t=/"));
    let expected = GroupInfo {
        id: GroupId::new("sg-a"),
        owner: Some(AccountId::new("111111111111")),
        name: "web".to_owned(),
        vpc: "vpc-1".to_owned(),
        service_managed: false,
        names: None,
    };
    assert_eq!(page.groups.first(), Some(&expected));
    assert_eq!(page.groups.get(1).map(|group| group.owner.is_none()), Some(true));
}

#[test]
fn a_revocation_tells_what_did_not_match_and_what_is_gone() {
    let moto = revoked(&root("<return>true</return>")).expect("readable");
    assert_eq!(moto, RevokeReply { unmatched: Some(0), revoked: vec![], returned: true });
    let full = "<return>true</return><unknownIpPermissionSet>\
        <item><ipProtocol>tcp</ipProtocol><groups><item><groupId>sg-b</groupId></item>\
        <item><groupId>sg-c</groupId></item></groups><ipRanges/></item>\
        <item><ipProtocol>-1</ipProtocol></item></unknownIpPermissionSet>\
        <revokedSecurityGroupRuleSet><item><securityGroupRuleId>sgr-1</securityGroupRuleId></item>\
        </revokedSecurityGroupRuleSet>";
    let full = revoked(&root(full)).expect("readable");
    assert_eq!((full.unmatched, full.revoked), (Some(3), vec![RuleId::new("sgr-1")]));
    assert_eq!(revoked(&root("<return>false</return>")).map(|reply| reply.returned), Ok(false));
    assert!(revoked(&root("")).is_err());
}

#[test]
fn identities_and_regions_are_checked_by_their_form() {
    let who = |account: &str| {
        identity(&root(&format!(
            "<GetCallerIdentityResult><Arn>arn:aws:iam::1:user/x</Arn><UserId>x</UserId>\
             <Account>{account}</Account></GetCallerIdentityResult>"
        )))
    };
    assert_eq!(who("111111111111").map(|who| who.account), Ok(AccountId::new("111111111111")));
    assert!(who("1").is_err() && who("abcdefghijkl").is_err());
    let list = |name: &str| {
        regions(&root(&format!(
            "<regionInfo><item><regionName>{name}</regionName></item></regionInfo>"
        )))
    };
    assert_eq!(list("eu-west-1"), Ok(vec![RegionId::new("eu-west-1")]));
    assert!(list("evil.example/").is_err());
}
