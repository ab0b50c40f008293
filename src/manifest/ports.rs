//! The `port_range` and `source_port_range` cells, which depend on cloud and protocol.

use std::ops::RangeInclusive;

use crate::model::{BadValue, PerCloud, PortRange, Protocol, Provider};

/// The highest port.
const HIGHEST: i32 = 65535;
/// ICMP types and codes; -1 stands for all of them.
const ICMP: RangeInclusive<i32> = -1..=255;

/// What is expected of destination ports.
struct Expected {
    /// Of protocols that have ports.
    of_ports: &'static str,
    /// Where the row names no protocol.
    of_any: &'static str,
}

const EXPECTED: PerCloud<Expected> = PerCloud {
    alibaba: Expected {
        of_ports: "a port range of tcp or udp: from/to, 1 to 65535, the lower one first",
        of_any: "a port range: from/to, 1 to 65535, the lower one first, or -1/-1",
    },
    aws: Expected {
        of_ports: "a port range of tcp or udp: from/to, 0 to 65535, the lower one first",
        of_any: "a port range: from/to, 0 to 65535, the lower one first, or an ICMP type/code",
    },
};

/// Reads destination ports: what the provider can hold for the protocol.
pub(super) fn destination(
    text: &str,
    cloud: Provider,
    protocol: Option<&Protocol>,
) -> Result<PortRange, BadValue> {
    let range: PortRange = text.parse()?;
    let has_types = cloud.facts().has_icmp_types;
    let (is_ports, expected) = (is_ports(range, cloud), EXPECTED.of(cloud));
    let (valid, expected) = match protocol.map(Protocol::as_str) {
        Some("tcp" | "udp") => (is_ports, expected.of_ports),
        Some("icmp" | "icmpv6") if has_types => {
            (is_icmp(range), "an ICMP type/code: each 0 to 255, or -1 for all (-1/-1, 8/-1)")
        }
        Some(_) => (range == PortRange::ALL, "-1/-1, the only range of this protocol"),
        None => {
            let is_all = range == PortRange::ALL;
            (is_all || is_ports || (has_types && is_icmp(range)), expected.of_any)
        }
    };
    if valid { Ok(range) } else { Err(BadValue::new(text, expected)) }
}

/// Reads source ports, of a cloud that has them: `-1/-1` is any, whatever the protocol.
pub(super) fn source(
    text: &str,
    cloud: Provider,
    protocol: Option<&Protocol>,
) -> Result<PortRange, BadValue> {
    let range: PortRange = text.parse()?;
    let may_have_ports = protocol.is_none_or(Protocol::has_ports);
    if range == PortRange::ALL || (may_have_ports && is_ports(range, cloud)) {
        return Ok(range);
    }
    let expected = if may_have_ports {
        "a source port range: from/to, 1 to 65535, the lower one first, or -1/-1"
    } else {
        "-1/-1, the only range of this protocol"
    };
    Err(BadValue::new(text, expected))
}

fn is_ports(range: PortRange, cloud: Provider) -> bool {
    let bounds = cloud.facts().lowest_port..=HIGHEST;
    bounds.contains(&range.from) && bounds.contains(&range.to) && range.from <= range.to
}

/// A type and a code; all types have no single code.
fn is_icmp(range: PortRange) -> bool {
    ICMP.contains(&range.from) && ICMP.contains(&range.to) && (range.from != -1 || range.to == -1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(text: &str, cloud: Provider, protocol: &str) -> bool {
        let protocol = (!protocol.is_empty()).then(|| protocol.parse().expect("a protocol"));
        destination(text, cloud, protocol.as_ref()).is_ok()
    }

    #[test]
    fn tcp_and_udp_need_ports_in_order() {
        for cloud in Provider::ALL {
            for protocol in ["tcp", "udp", ""] {
                assert!(ok("22/22", cloud, protocol) && ok("1/65535", cloud, protocol));
                assert!(!ok("1/65536", cloud, protocol) && !ok("-1/443", cloud, protocol));
                assert!(!ok("22", cloud, protocol) && !ok("500/400", cloud, protocol));
            }
            assert!(!ok("-1/-1", cloud, "tcp") && ok("-1/-1", cloud, ""));
        }
        assert!(ok("0/65535", Provider::Aws, "tcp"));
        assert!(!ok("0/65535", Provider::Alibaba, "tcp"));
    }

    #[test]
    fn other_protocols_have_the_whole_range_alone() {
        for protocol in ["icmp", "icmpv6", "gre", "all", "50"] {
            assert!(ok("-1/-1", Provider::Alibaba, protocol));
            assert!(!ok("22/22", Provider::Alibaba, protocol));
        }
        assert!(!ok("0/65535", Provider::Aws, "all"));
    }

    #[test]
    fn icmp_on_aws_is_a_type_and_a_code() {
        assert!(ok("8/-1", Provider::Aws, "icmp") && ok("3/4", Provider::Aws, "icmp"));
        assert!(ok("8/0", Provider::Aws, "") && ok("-1/-1", Provider::Aws, "icmpv6"));
        assert!(!ok("-1/4", Provider::Aws, "icmp") && !ok("300/0", Provider::Aws, "icmp"));
    }

    #[test]
    fn source_ports_may_always_be_any() {
        let (tcp, all) = ("tcp".parse().expect("tcp"), Protocol::all());
        let ok = |text, protocol| source(text, Provider::Alibaba, protocol).is_ok();
        assert!(ok("-1/-1", Some(&tcp)) && ok("-1/-1", Some(&all)));
        assert!(ok("80/81", Some(&tcp)) && ok("80/81", None));
        assert!(!ok("80/81", Some(&all)) && !ok("81/80", Some(&tcp)));
    }
}
