//! Worlds for the sandbox, written as the TOML that people write.

use std::fmt::Write as _;

use unpair::sandbox::World;

/// An account of a test world, with the region that its groups are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The cloud by its name.
    pub cloud: &'static str,
    /// The id of the account.
    pub id: &'static str,
    /// What the account is called.
    pub name: &'static str,
    /// Where its groups are.
    pub region: &'static str,
    /// Whether it has a key.
    pub is_ours: bool,
}

const fn alibaba(id: &'static str, name: &'static str, is_ours: bool) -> Owner {
    Owner { cloud: "alibaba", id, name, region: "cn-hangzhou", is_ours }
}

const fn aws(id: &'static str, name: &'static str, is_ours: bool) -> Owner {
    Owner { cloud: "aws", id, name, region: "us-east-1", is_ours }
}

/// An account of ours on Alibaba Cloud.
pub const A: Owner = alibaba("1234567890123401", "a@aliyun.com", true);
/// The other one.
pub const B: Owner = alibaba("1234567890123402", "b@aliyun.com", true);
/// A partner's account there.
pub const PARTNER: Owner = alibaba("1234567890123403", "partner@aliyun.com", false);
/// An account of ours on AWS.
pub const X: Owner = aws("111111111111", "x", true);
/// The other one.
pub const Y: Owner = aws("222222222222", "y", true);
/// A partner's account there.
pub const AWS_PARTNER: Owner = aws("333333333333", "aws-partner", false);

const EVERYBODY: [Owner; 6] = [A, B, PARTNER, X, Y, AWS_PARTNER];

/// The text of a world file that grows group by group.
#[derive(Clone, Debug)]
pub struct WorldText(String);

impl WorldText {
    /// The six accounts, and no group.
    pub fn empty() -> Self {
        let mut text = Self(String::new());
        for owner in EVERYBODY {
            text.account(owner.cloud, owner.id, owner.name, owner.is_ours);
        }
        text
    }

    /// One more account; with a key if it is ours.
    pub fn account(&mut self, cloud: &str, id: &str, name: &str, is_ours: bool) {
        let _ = writeln!(self.0, "[[account]]\ncloud = '{cloud}'\nid = '{id}'\nname = '{name}'");
        if is_ours {
            let _ = writeln!(self.0, "access_key_id = 'KEY{id}'\naccess_key_secret = 'secret{id}'");
        }
    }

    /// A group of one of the six with its rules, each an inline table.
    pub fn group(mut self, owner: Owner, id: &str, rules: &[String]) -> Self {
        self.add_group(owner.cloud, owner.id, owner.region, id, rules);
        self
    }

    /// A group that a service of the provider manages.
    pub fn managed(mut self, owner: Owner, id: &str, rules: &[String]) -> Self {
        self.add_group(owner.cloud, owner.id, owner.region, id, rules);
        self.0.push_str("managed = true\n");
        self
    }

    /// A group in the default VPC of its AWS account.
    pub fn add_default_vpc_group(&mut self, owner: Owner, id: &str, rules: &[String]) {
        self.add_group(owner.cloud, owner.id, owner.region, id, rules);
        self.0.push_str("default_vpc = true\n");
    }

    /// A group of any account.
    pub fn add_group(
        &mut self,
        cloud: &str,
        account: &str,
        region: &str,
        id: &str,
        rules: &[String],
    ) {
        let _ = writeln!(
            self.0,
            "[[group]]\ncloud = '{cloud}'\naccount = '{account}'\nregion = '{region}'\nid = '{id}'\n\
             name = 'of {id}'\nvpc = 'vpc-{account}'\nrules = [{}]",
            rules.join(", ")
        );
    }

    /// The world itself.
    pub fn read(&self) -> World {
        World::from_toml(&self.0).expect("the test's world is valid")
    }
}

/// A rule that admits everything of a group.
pub fn admits(peer: Owner, group: &str) -> String {
    format!("{{ group = '{}/{group}' }}", peer.id)
}

/// A rule that admits one TCP port from a group.
pub fn admits_tcp(port: u32, peer: Owner, group: &str) -> String {
    format!("{{ protocol = 'tcp', ports = '{port}/{port}', group = '{}/{group}' }}", peer.id)
}

/// `count` rules that admit a TCP port each from a group.
pub fn admits_ports(count: u32, peer: Owner, group: &str) -> String {
    format!(
        "{{ protocol = 'tcp', ports = '2000/2000', group = '{}/{group}', repeat = {count} }}",
        peer.id
    )
}

/// A rule that lets one TCP port out to a group.
pub fn reaches_tcp(port: u32, peer: Owner, group: &str) -> String {
    format!(
        "{{ direction = 'egress', protocol = 'tcp', ports = '{port}/{port}', \
         group = '{}/{group}' }}",
        peer.id
    )
}

/// A rule that drops one TCP port from a group.
pub fn drops_tcp(port: u32, peer: Owner, group: &str) -> String {
    format!(
        "{{ protocol = 'tcp', ports = '{port}/{port}', policy = 'drop', group = '{}/{group}' }}",
        peer.id
    )
}

/// A rule for an address range, which is nobody's grant.
pub fn cidr(port: u32) -> String {
    format!("{{ protocol = 'tcp', ports = '{port}/{port}', cidr = '10.0.0.0/8' }}")
}

/// Each side admits the other, beside a rule for an address range.
pub fn mutual() -> WorldText {
    WorldText::empty().group(A, "sg-a1", &[admits(B, "sg-b1"), cidr(443)]).group(
        B,
        "sg-b1",
        &[admits(A, "sg-a1"), cidr(22)],
    )
}

/// The same on AWS.
pub fn mutual_aws() -> WorldText {
    WorldText::empty().group(X, "sg-0000a001", &[admits(Y, "sg-0000b001"), cidr(443)]).group(
        Y,
        "sg-0000b001",
        &[admits(X, "sg-0000a001"), cidr(22)],
    )
}
