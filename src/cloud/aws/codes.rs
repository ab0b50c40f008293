//! EC2 and STS error codes: what each means for who called.
//!
//! Matched by exact name, never by message. Source: "Error codes for the Amazon EC2 API" and
//! "Common errors" of the AWS STS API reference.

use crate::cloud::ErrorClass;

/// The class of an error `code` (a prefix `Client.` or `Server.` is ignored) that came with the
/// HTTP `status`. An unknown code is refused below 500 and transient from there on.
pub(super) fn classify(code: &str, status: u16) -> ErrorClass {
    let name =
        code.strip_prefix("Client.").or_else(|| code.strip_prefix("Server.")).unwrap_or(code);
    known(name).unwrap_or_else(|| unknown(status))
}

/// The class of an answer whose code is not known.
fn unknown(status: u16) -> ErrorClass {
    match status {
        429 => ErrorClass::Throttled,
        400..=499 => ErrorClass::Refused,
        500.. => ErrorClass::Transient,
        _ => ErrorClass::Lost,
    }
}

fn known(name: &str) -> Option<ErrorClass> {
    TABLE.iter().find(|(_, codes)| codes.contains(&name)).map(|(class, _)| *class)
}

type Row = (ErrorClass, &'static [&'static str]);

const TABLE: &[Row] = &[
    (
        ErrorClass::Throttled,
        &[
            "RequestLimitExceeded",
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestThrottled",
            "RequestThrottledException",
            "TooManyRequestsException",
            "SlowDown",
            "EC2ThrottledException",
            "BandwidthLimitExceeded",
            "PriorRequestNotComplete",
        ],
    ),
    (
        ErrorClass::Transient,
        &[
            "InternalError",
            "InternalFailure",
            "ServerInternal",
            "ServiceUnavailable",
            "Unavailable",
            "RequestTimeout",
            "RequestTimeoutException",
        ],
    ),
    (
        ErrorClass::RuleMissing,
        &["InvalidPermission.NotFound", "InvalidSecurityGroupRuleId.NotFound"],
    ),
    // The group of the call, or one that a permission names: who sent the call can tell.
    (ErrorClass::GroupMissing, &["InvalidGroup.NotFound", "InvalidSecurityGroupID.NotFound"]),
    (ErrorClass::PageExpired, &["InvalidPaginationToken", "InvalidNextToken"]),
    (
        ErrorClass::Expired,
        &[
            "RequestExpired",
            "ExpiredToken",
            "ExpiredTokenException",
            "InvalidSecurity.RequestHasExpired",
        ],
    ),
    (ErrorClass::ClockSkew, &["RequestTimeTooSkewed", "RequestInTheFuture"]),
    (
        ErrorClass::Credential,
        &[
            "AuthFailure",
            "InvalidClientTokenId",
            "SignatureDoesNotMatch",
            "IncompleteSignature",
            "MissingAuthenticationToken",
        ],
    ),
    (
        ErrorClass::Denied,
        &[
            "UnauthorizedOperation",
            "AccessDenied",
            "AccessDeniedException",
            "OptInRequired",
            "Blocked",
            "PendingVerification",
            "AccountDisabled",
            "RegionDisabledException",
        ],
    ),
    // The row is wrong.
    (
        ErrorClass::Refused,
        &[
            "InvalidGroupId.Malformed",
            "InvalidSecurityGroupId.Malformed",
            "InvalidSecurityGroupRuleId.Malformed",
            "InvalidPermission.Malformed",
            "InvalidParameter",
            "InvalidParameterValue",
            "InvalidParameterCombination",
            "MissingParameter",
            "InvalidUserID.Malformed",
            "InvalidRequest",
            "VPCIdNotSpecified",
            "DefaultVpcDoesNotExist",
            "UnsupportedOperation",
            "ValidationError",
        ],
    ),
    // The request is wrong, which is a fault of this program.
    (
        ErrorClass::Refused,
        &[
            "InvalidAction",
            "MalformedQueryString",
            "InvalidQueryParameter",
            "UnknownParameter",
            "InvalidCharacter",
            "FilterLimitExceeded",
            "MalformedPolicyDocument",
            "PackedPolicyTooLarge",
        ],
    ),
    // Putting rules back, and dry runs.
    (
        ErrorClass::Refused,
        &[
            "InvalidPermission.Duplicate",
            "RulesPerSecurityGroupLimitExceeded",
            "InvalidVpcPeeringConnectionID.NotFound",
            "DryRunOperation",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn assert_class(expected: ErrorClass, codes: &str) {
        for code in codes.split_whitespace() {
            // The status is one at which an unknown code would be classed otherwise.
            let status = if expected == ErrorClass::Transient { 400 } else { 500 };
            assert_eq!(classify(code, status), expected, "{code}");
        }
    }

    #[test]
    fn every_documented_code_has_its_class() {
        assert_class(
            ErrorClass::Throttled,
            "RequestLimitExceeded Throttling ThrottlingException ThrottledException \
             RequestThrottled RequestThrottledException TooManyRequestsException SlowDown \
             EC2ThrottledException BandwidthLimitExceeded PriorRequestNotComplete",
        );
        assert_class(
            ErrorClass::Transient,
            "InternalError InternalFailure ServerInternal ServiceUnavailable Unavailable \
             RequestTimeout RequestTimeoutException",
        );
        assert_class(
            ErrorClass::RuleMissing,
            "InvalidPermission.NotFound InvalidSecurityGroupRuleId.NotFound",
        );
        assert_class(
            ErrorClass::GroupMissing,
            "InvalidGroup.NotFound InvalidSecurityGroupID.NotFound",
        );
        assert_class(ErrorClass::PageExpired, "InvalidPaginationToken InvalidNextToken");
        assert_class(
            ErrorClass::Expired,
            "RequestExpired ExpiredToken ExpiredTokenException InvalidSecurity.RequestHasExpired",
        );
        assert_class(ErrorClass::ClockSkew, "RequestTimeTooSkewed RequestInTheFuture");
        assert_class(
            ErrorClass::Credential,
            "AuthFailure InvalidClientTokenId SignatureDoesNotMatch IncompleteSignature \
             MissingAuthenticationToken",
        );
        assert_class(
            ErrorClass::Denied,
            "UnauthorizedOperation AccessDenied AccessDeniedException OptInRequired Blocked \
             PendingVerification AccountDisabled RegionDisabledException",
        );
        assert_class(
            ErrorClass::Refused,
            "InvalidGroupId.Malformed InvalidSecurityGroupId.Malformed \
             InvalidSecurityGroupRuleId.Malformed InvalidPermission.Malformed InvalidParameter \
             InvalidParameterValue InvalidParameterCombination MissingParameter \
             InvalidUserID.Malformed InvalidRequest VPCIdNotSpecified DefaultVpcDoesNotExist \
             UnsupportedOperation ValidationError InvalidAction MalformedQueryString \
             InvalidQueryParameter UnknownParameter InvalidCharacter FilterLimitExceeded \
             MalformedPolicyDocument PackedPolicyTooLarge InvalidPermission.Duplicate \
             RulesPerSecurityGroupLimitExceeded InvalidVpcPeeringConnectionID.NotFound \
             DryRunOperation",
        );
    }

    #[test]
    fn no_code_stands_in_two_rows() {
        let all: Vec<_> = TABLE.iter().flat_map(|(_, codes)| codes.iter()).collect();
        assert_eq!(all.len(), all.iter().collect::<BTreeSet<_>>().len());
    }

    #[test]
    fn the_prefixes_of_the_audit_trail_are_ignored() {
        assert_eq!(classify("Client.RequestLimitExceeded", 503), ErrorClass::Throttled);
        assert_eq!(classify("Server.InternalError", 500), ErrorClass::Transient);
    }

    #[test]
    fn an_unknown_code_is_refused_below_500_and_transient_from_there() {
        assert_eq!(classify("NeverHeardOf", 400), ErrorClass::Refused);
        assert_eq!(classify("NeverHeardOf", 503), ErrorClass::Transient);
        assert_eq!(classify("throttling", 400), ErrorClass::Refused);
        assert_eq!(classify("NeverHeardOf", 200), ErrorClass::Lost);
    }
}
