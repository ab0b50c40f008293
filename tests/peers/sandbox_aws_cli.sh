#!/bin/sh
# Drives the aws CLI, unmodified, against the sandbox.
# Usage: sandbox_aws_cli.sh FILE, where FILE holds the line that `unpair sandbox --format json` prints.
set -eu

read_line() {
    python3 -c 'import json, sys
line = json.load(open(sys.argv[1]))
hub = [a for a in line["accounts"] if a["id"] == "111111111111"][0]
print(line["aws"], hub["access_key_id"], hub["access_key_secret"])' "$1"
}
read -r URL KEY SECRET <<EOF
$(read_line "$1")
EOF
export AWS_ACCESS_KEY_ID="$KEY" AWS_SECRET_ACCESS_KEY="$SECRET" AWS_DEFAULT_REGION=us-east-1
export AWS_ENDPOINT_URL="$URL" AWS_MAX_ATTEMPTS=1 AWS_PAGER="" AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
G1=sg-0a1b2c3d4e5f60001
G2=sg-0a1b2c3d4e5f60002

check() {
    if [ "$2" != "$3" ]; then
        echo "FAILED $1: got '$2', expected '$3'"
        exit 1
    fi
    echo "ok $1"
}
rules_naming_g2() {
    aws ec2 describe-security-group-rules --filters "Name=group-id,Values=$G1" --output text \
        --query "SecurityGroupRules[?ReferencedGroupInfo.GroupId=='$G2' && !IsEgress].SecurityGroupRuleId"
}

check "caller identity" "$(aws sts get-caller-identity --query Account --output text)" 111111111111
check "describe rules" "$(rules_naming_g2 | wc -w | tr -d ' ')" 5

set -- $(rules_naming_g2)
check "revoke by rule ids" "$(aws ec2 revoke-security-group-ingress --group-id "$G1" \
    --security-group-rule-ids "$1" "$2" --query 'length(RevokedSecurityGroupRules)' --output text)" 2
check "revoke by permissions" "$(aws ec2 revoke-security-group-ingress --group-id "$G1" --query Return --output text \
    --ip-permissions "IpProtocol=tcp,FromPort=5432,ToPort=5432,UserIdGroupPairs=[{GroupId=$G2,UserId=222222222222}]")" True
check "two are left" "$(rules_naming_g2 | wc -w | tr -d ' ')" 2
check "revoke egress" "$(aws ec2 revoke-security-group-egress --group-id "$G1" --query Return --output text \
    --ip-permissions "IpProtocol=tcp,FromPort=8080,ToPort=8080,UserIdGroupPairs=[{GroupId=$G2,UserId=222222222222}]")" True
check "revoke by flat parameters" "$(aws ec2 revoke-security-group-ingress --group-id "$G1" --protocol tcp --port 443 \
    --cidr 10.0.0.0/8 --query 'RevokedSecurityGroupRules[0].CidrIpv4' --output text)" 10.0.0.0/8
check "pages of 1,000" "$(aws ec2 describe-security-group-rules --page-size 1000 --output json \
    --filters Name=group-id,Values=sg-0a1b2c3d4e5f6000a --query 'length(SecurityGroupRules)')" 1040

refused() {
    name=$1 code=$2
    shift 2
    if error="$(aws "$@" 2>&1)"; then
        check "$name" success "$code"
    fi
    case "$error" in
        *"($code)"*) echo "ok $name" ;;
        *) check "$name" "$error" "$code" ;;
    esac
}
refused "a rule that is gone" InvalidSecurityGroupRuleId.NotFound \
    ec2 revoke-security-group-ingress --group-id "$G1" --security-group-rule-ids "$1"
refused "values that match no rule" InvalidPermission.NotFound \
    ec2 revoke-security-group-ingress --group-id "$G1" --protocol tcp --port 443 --cidr 10.0.0.0/8
refused "another account's group" InvalidGroup.NotFound ec2 describe-security-groups --group-ids "$G2"
refused "a dry run" DryRunOperation \
    ec2 revoke-security-group-ingress --group-id "$G1" --security-group-rule-ids "$2" --dry-run
refused "no role in the partner's account" AccessDenied \
    sts assume-role --role-arn arn:aws:iam::333333333333:role/unpair --role-session-name peers

set -- $(aws sts assume-role --role-arn arn:aws:iam::222222222222:role/unpair --role-session-name peers \
    --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text)
export AWS_ACCESS_KEY_ID="$1" AWS_SECRET_ACCESS_KEY="$2" AWS_SESSION_TOKEN="$3"
check "a session acts as the other account" "$(aws sts get-caller-identity --query Account --output text)" 222222222222
check "and reads its groups" "$(aws ec2 describe-security-groups --group-ids "$G2" \
    --query 'SecurityGroups[0].OwnerId' --output text)" 222222222222
export AWS_SECRET_ACCESS_KEY=wrong
refused "a wrong secret" AuthFailure ec2 describe-regions
