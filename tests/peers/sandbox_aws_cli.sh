#!/bin/sh
# Drives the aws CLI, unmodified, against the sandbox.
# Usage: sandbox_aws_cli.sh FILE, where FILE holds the line that `unpair sandbox --format json` prints.
# UNPAIR_PEERS_PYTHON names the Python beside which `aws` is installed; without it, PATH decides.
set -eu

if [ -n "${UNPAIR_PEERS_PYTHON:-}" ]; then
    PATH="$(dirname "$UNPAIR_PEERS_PYTHON"):$PATH"
fi
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
export AWS_ENDPOINT_URL="$URL" AWS_MAX_ATTEMPTS=1 AWS_PAGER="" AWS_CONFIG_FILE=/dev/null
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
if error="$(aws ec2 revoke-security-group-ingress --group-id "$G1" --security-group-rule-ids "$1" 2>&1)"; then
    check "a rule that is gone" success refusal
fi
case "$error" in
    *InvalidSecurityGroupRuleId.NotFound*) echo "ok a rule that is gone" ;;
    *) check "a rule that is gone" "$error" InvalidSecurityGroupRuleId.NotFound ;;
esac
