//! Parameters of `RevokeSecurityGroup` and `RevokeSecurityGroupEgress`, in their three forms.

use crate::cloud::{Batch, CloudError, RevokeOrder};
use crate::model::{CallForm, Direction, NicType, Peer, Rule};

type Parameters = Vec<(String, String)>;

/// The exact parameters of `order`, without the client token, always in the same order.
///
/// `ErrorClass::Config` where the form cannot say what is ordered.
pub(super) fn parameters(order: &RevokeOrder<'_>, batch: &Batch) -> Result<Parameters, CloudError> {
    let limit = match order.form {
        CallForm::RuleId => batch.revoke_ids,
        CallForm::Permissions => batch.revoke_permissions,
        CallForm::Flat => 1,
    };
    if !(1..=limit).contains(&order.rules.len()) {
        let (count, form) = (order.rules.len(), order.form);
        return Err(bad(&format!("{count} rules in one call by {form}, expected 1 to {limit}")));
    }
    let mut out = vec![
        ("RegionId".to_owned(), order.region.to_string()),
        ("SecurityGroupId".to_owned(), order.group.to_string()),
    ];
    for (n, rule) in (1..).zip(order.rules) {
        if rule.direction != order.direction {
            return Err(bad(&format!("an {} rule in an {} call", rule.direction, order.direction)));
        }
        match order.form {
            CallForm::RuleId if rule.id.as_str().is_empty() => {
                return Err(bad("a rule without an id: use the permissions or the flat form"));
            }
            CallForm::RuleId => {
                out.push((format!("SecurityGroupRuleId.{n}"), rule.id.to_string()));
            }
            CallForm::Permissions => add(&mut out, &format!("Permissions.{n}."), rule)?,
            CallForm::Flat => add(&mut out, "", rule)?,
        }
    }
    Ok(out)
}

/// Adds the values of `rule`, each name after `prefix`.
///
/// All that select a rule are sent, the defaults too: an omitted priority means 1, an omitted
/// policy `accept`, an omitted NIC type differs by network.
fn add(out: &mut Parameters, prefix: &str, rule: &Rule) -> Result<(), CloudError> {
    let mut put = |name: &str, value: &str| {
        if !value.is_empty() {
            out.push((format!("{prefix}{name}"), value.to_owned()));
        }
    };
    put("IpProtocol", rule.protocol.as_str());
    match (rule.ports, rule.port_list()) {
        (Some(range), _) => put("PortRange", &range.to_string()),
        (None, Some(list)) => put("PortRangeListId", list),
        (None, None) => return Err(bad("a rule that does not tell its ports, use --by rule-id")),
    }
    put("SourcePortRange", &rule.source_ports.map(|ports| ports.to_string()).unwrap_or_default());
    let (here, there) = match rule.direction {
        Direction::Ingress => ("Source", "Dest"),
        Direction::Egress => ("Dest", "Source"),
    };
    add_peer(&mut put, here, &rule.peer)?;
    // Five-tuple rules also narrow their own end.
    for name in [format!("{there}CidrIp"), format!("Ipv6{there}CidrIp")] {
        put(&name, field(rule, &name));
    }
    let default_nic = matches!(rule.peer, Peer::Group { .. }).then_some(NicType::Intranet);
    put("NicType", rule.nic_type.or(default_nic).map_or("", NicType::as_str));
    let Some(policy) = rule.policy else {
        return Err(bad("a rule that does not tell its policy, use --by rule-id"));
    };
    put("Policy", policy.as_str());
    put("Priority", &rule.priority.unwrap_or(1).to_string());
    put("Description", &rule.description);
    Ok(())
}

/// Adds the other end, on the `side` that the direction gives it.
///
/// The provider takes an id in one parameter and a login name in another; the name "may not take
/// effect", so an id is always better. Without an owner the group is one of the caller's own.
fn add_peer(put: &mut impl FnMut(&str, &str), side: &str, peer: &Peer) -> Result<(), CloudError> {
    match peer {
        Peer::Group { id, owner } => {
            put(&format!("{side}GroupId"), id.as_str());
            if let Some(owner) = owner {
                let kind = if owner.is_numeric() { "Id" } else { "Account" };
                put(&format!("{side}GroupOwner{kind}"), owner.as_str());
            }
        }
        Peer::Cidr(range) if range.contains(':') => put(&format!("Ipv6{side}CidrIp"), range),
        Peer::Cidr(range) => put(&format!("{side}CidrIp"), range),
        Peer::PrefixList(list) => put(&format!("{side}PrefixListId"), list),
        Peer::Other(_) | Peer::Unclear(_) => {
            return Err(bad(&format!("a rule whose other end is `{peer}` has no such form")));
        }
    }
    Ok(())
}

fn field<'a>(rule: &'a Rule, name: &str) -> &'a str {
    rule.fields.get(name).unwrap_or_default()
}

fn bad(message: &str) -> CloudError {
    CloudError::config("order", message)
}

#[cfg(test)]
mod tests;
