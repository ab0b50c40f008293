//! What each error code of ECS and STS means for who called.
//!
//! The HTTP status does not tell: throttling is 400, an unknown access key 404, a rule that is
//! not there 400, 403 or 404. Codes are matched by their exact names.

use crate::cloud::ErrorClass;
use ErrorClass::{
    ClockSkew, Credential, Denied, Expired, GroupMissing, Managed, PageExpired, PeerMissing,
    Refused, Resign, RuleMissing, Throttled, TokenReused, Transient,
};

type Codes = &'static [(&'static str, ErrorClass)];

/// The tables, by source.
const TABLES: [Codes; 5] = [REVOKE, FIRST_REVOKE, AUTHORIZE, COMMON, IDEMPOTENCY];

/// The throttling family: `Throttling.User`, `Throttling.Api` and whatever else follows the dot.
const THROTTLING: &str = "Throttling.";

/// Endings of messages that say so of a fault that passes ("How to ensure idempotency").
const PASSING: [&str; 2] = ["try again later", "try it later"];

/// The class of an answer with `code`. Unknown codes are refused for good, but for server
/// faults, the throttling family and messages that ask to come again.
pub(super) fn class(code: &str, http: u16, message: &str) -> ErrorClass {
    if let Some(class) = known(code) {
        return class;
    }
    let message = message.to_ascii_lowercase();
    if code.starts_with(THROTTLING) || http == 429 {
        Throttled
    } else if http >= 500 || PASSING.iter().any(|phrase| message.contains(phrase)) {
        Transient
    } else {
        Refused
    }
}

/// The class of a code that stands in a table.
pub(super) fn known(code: &str) -> Option<ErrorClass> {
    let mut rows = TABLES.iter().flat_map(|table| table.iter());
    rows.find(|(name, _)| *name == code).map(|(_, class)| *class)
}

/// `RevokeSecurityGroup` and `RevokeSecurityGroupEgress`, pages of 2025-04.
///
/// `InvalidParam.SecurityGroupRuleId` is said of a missing rule id since 2024-07-08, and of a
/// malformed one: reading the group tells which.
const REVOKE: Codes = &[
    ("InvalidSecurityGroupRule.RuleNotExist", RuleMissing),
    ("InvalidParam.SecurityGroupRuleId", RuleMissing),
    ("InvalidSecurityGroupRuleId.NotFound", RuleMissing),
    ("InvalidGroupAuthItem.NotFound", RuleMissing),
    ("InvalidSecurityGroupId.NotFound", GroupMissing),
    ("InvalidSourceGroupId.NotFound", PeerMissing),
    ("InternalError", Transient),
    ("InvalidOperation.SecurityGroupNotAuthorized", Denied),
    ("InvalidOperation.ResourceManagedByCloudProduct", Managed),
    ("InvalidSecurityGroupId.Malformed", Refused),
    ("InvalidIpProtocol.ValueNotSupported", Refused),
    ("InvalidIpPortRange.Malformed", Refused),
    ("InvalidSourceCidrIp.Malformed", Refused),
    ("MissingParameter", Refused),
    ("MissingParameter.Source", Refused),
    ("InvalidPolicy.Malformed", Refused),
    ("InvalidNicType.ValueNotSupported", Refused),
    ("InvalidNicType.Mismatch", Refused),
    ("InvalidSourceGroupId.Mismatch", Refused),
    ("InvalidParam.PortRange", Refused),
    ("InvalidPriority.Malformed", Refused),
    ("InvalidPriority.ValueNotSupported", Refused),
    ("InvalidParamter.Conflict", Refused),
    ("InvalidDestCidrIp.Malformed", Refused),
    ("InvalidParam.SourceIp", Refused),
    ("InvalidParam.DestIp", Refused),
    ("InvalidParam.Ipv6DestCidrIp", Refused),
    ("InvalidParam.Ipv6SourceCidrIp", Refused),
    ("InvalidParam.Ipv4ProtocolConflictWithIpv6Address", Refused),
    ("InvalidParam.Ipv6ProtocolConflictWithIpv4Address", Refused),
    ("InvalidParameter.Ipv6CidrIp", Refused),
    ("InvalidGroupAuthParameter.OperationDenied", Refused),
    ("InvalidPortRange.Malformed", Refused),
    ("InvalidSourcePortRange.Malformed", Refused),
    ("InvalidSecurityGroupDiscription.Malformed", Refused),
    ("NotSupported.ClassicNetworkPrefixList", Refused),
    ("InvalidParam.SourceCidrIp", Refused),
    ("InvalidParam.DestCidrIp", Refused),
    ("InvalidParam.Permissions", Refused),
    ("InvalidParam.DuplicatePermissions", Refused),
    ("InvalidParam.SecurityGroupRuleIdRepeated", Refused),
    ("InvalidGroupParameter.OperationDenied", Refused),
    ("InvalidParam.ProtocolNotSupportPortRangeList", Refused),
    ("InvalidPortRangeListId.NotFound", Refused),
    ("InvalidSecurityGroup.InvalidNetworkType", Refused),
    ("InvalidPrefixListId.NotFound", Refused),
];

/// `RevokeSecurityGroup`, page of 2019; `ModifySecurityGroupRule`, older pages.
const FIRST_REVOKE: Codes =
    &[("ILLEGAL_IPV6_CIDR", Refused), ("SecurityGroupRule.NotFound", RuleMissing)];

/// `AuthorizeSecurityGroup` and `AuthorizeSecurityGroupEgress`.
const AUTHORIZE: Codes = &[
    ("InvalidDestGroupId.NotFound", PeerMissing),
    ("InvalidRegionId.NotFound", Refused),
    ("MissingParameter.RegionId", Refused),
    ("MissingParameter.Dest", Refused),
    ("InvalidSecurityGroup.IsSame", Refused),
    ("InvalidDestGroupId.Mismatch", Refused),
    ("AuthorizedGroupRule.LimitExceed", Refused),
    ("AuthorizationLimitExceed", Refused),
];

/// Common codes of ECS, STS and the API gateway, the paged pages of ECS, and one code that
/// other clients of the gateway know (`Rejected.Throttling`).
const COMMON: Codes = &[
    ("UnknownError", Transient),
    ("ServiceUnavailable", Transient),
    ("Throttling", Throttled),
    ("Throttling.User", Throttled),
    ("Throttling.Api", Throttled),
    ("Rejected.Throttling", Throttled),
    ("SignatureNonceUsed", Resign),
    ("InvalidTimeStamp.Expired", ClockSkew),
    ("Forbidden.RAM", Denied),
    ("Forbidden", Denied),
    ("NoPermission", Denied),
    ("InvalidAccessKeyId.NotFound", Credential),
    ("InvalidAccessKeyId.Inactive", Credential),
    ("Forbidden.AccessKeyDisabled", Credential),
    ("SignatureDoesNotMatch", Credential),
    ("IncompleteSignature", Credential),
    ("InvalidSecurityToken.Expired", Expired),
    ("InvalidSecurityToken.Malformed", Credential),
    ("InvalidSecurityToken.MismatchWithAccessKey", Credential),
    ("MissingSecurityToken", Credential),
    ("EntityNotExist.Role", Credential),
    ("InvalidParameter.NextToken", PageExpired),
];

/// "How to ensure idempotency", and older ECS pages for the other spelling and for the charset.
const IDEMPOTENCY: Codes = &[
    ("IdempotentParameterMismatch", TokenReused),
    ("IdempotenceParamNotMatch", TokenReused),
    ("InvalidClientToken.ValueNotSupported", Refused),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Row {
        code: String,
        class: String,
        http: Option<u16>,
    }

    /// The classes that a word of the collected error codes may become.
    fn meanings(word: &str) -> &'static [ErrorClass] {
        match word {
            "already_gone" | "already_gone_verify" => &[RuleMissing],
            "target_missing" => &[GroupMissing],
            "peer_missing_verify" => &[PeerMissing],
            "retryable" => &[Throttled, Transient, Resign, ClockSkew],
            "new_client_token" => &[TokenReused],
            "permission" => &[Denied, Managed],
            "credential" => &[Credential, Expired],
            "permanent" => &[Refused],
            other => unreachable!("a class nobody knows: {other}"),
        }
    }

    #[test]
    fn every_collected_code_has_the_class_it_was_found_to_have() {
        let text = include_str!("../../../tests/vectors/alibaba_errors.json");
        let rows: Vec<Row> = serde_json::from_str(text).expect("the codes are JSON");
        assert_eq!(rows.len(), 82);
        for row in rows {
            let class = known(&row.code).expect("every collected code stands in a table");
            assert!(meanings(&row.class).contains(&class), "{}: {class:?}", row.code);
            assert_eq!(super::class(&row.code, row.http.unwrap_or(400), "%s"), class);
        }
    }

    #[test]
    fn the_codes_that_share_a_word_differ_where_the_remedy_differs() {
        for (code, expected) in [
            ("Throttling.User", Throttled),
            ("Rejected.Throttling", Throttled),
            ("InternalError", Transient),
            ("ServiceUnavailable", Transient),
            ("SignatureNonceUsed", Resign),
            ("InvalidTimeStamp.Expired", ClockSkew),
            ("InvalidSecurityToken.Expired", Expired),
            ("InvalidOperation.ResourceManagedByCloudProduct", Managed),
            ("Forbidden.RAM", Denied),
        ] {
            assert_eq!(known(code), Some(expected), "{code}");
        }
    }

    #[test]
    fn no_code_stands_in_two_tables() {
        let mut seen = HashSet::new();
        for (code, _) in TABLES.iter().flat_map(|table| table.iter()) {
            assert!(seen.insert(code), "{code}");
        }
    }

    #[test]
    fn unknown_codes_go_by_family_then_by_message_then_by_status() {
        assert_eq!(class("Throttling.Quota", 400, ""), Throttled);
        assert_eq!(class("ThrottlingNot", 400, ""), Refused);
        assert_eq!(class("Novel", 429, ""), Throttled);
        assert_eq!(class("Novel", 400, "Busy, please Try Again Later."), Transient);
        assert_eq!(class("Novel", 400, "please try it later"), Transient);
        assert_eq!(class("Novel", 503, ""), Transient);
        assert_eq!(class("Novel", 404, ""), Refused);
    }
}
