"""The work of the benchmark: a world of two AWS accounts whose groups name each other."""

from dataclasses import dataclass
from pathlib import Path

REGION = "us-east-1"
RULES_A_GROUP = 5
FIRST_PORT = 1000
ACCOUNTS = {
    "111111111111": ("AKIABENCHACCOUNT0001", "benchSecretOfAccount0001"),
    "222222222222": ("AKIABENCHACCOUNT0002", "benchSecretOfAccount0002"),
}


@dataclass
class Work:
    """The files that every client starts from."""

    folder: Path
    pairs: int

    @property
    def rules(self):
        return 2 * self.pairs * RULES_A_GROUP

    @property
    def groups(self):
        return 2 * self.pairs

    def group(self, account, number):
        return f"sg-{list(ACCOUNTS).index(account) + 1:01x}{number:016x}"

    def write(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write("world.toml", "".join(self._world()))
        self._write("pairs.csv", "".join(self._manifest()))
        self._write("credentials", "".join(_profiles()))
        self._write("config", "")
        self._write("accounts.yml", "accounts:\n" + "".join(_c7n_accounts()))
        self._write("policy.yml", C7N_POLICY)

    def _write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def _world(self):
        yield f'[regions]\naws = ["{REGION}"]\n'
        for account, (key, secret) in ACCOUNTS.items():
            yield (
                f'[[account]]\ncloud = "aws"\nid = "{account}"\n'
                f'access_key_id = "{key}"\naccess_key_secret = "{secret}"\n'
            )
        for ours, theirs in (list(ACCOUNTS), list(reversed(ACCOUNTS))):
            for number in range(self.pairs):
                peer = f"{theirs}/{self.group(theirs, number)}"
                yield (
                    f'[[group]]\ncloud = "aws"\naccount = "{ours}"\nregion = "{REGION}"\n'
                    f'id = "{self.group(ours, number)}"\nname = "g{number}"\nvpc = "vpc-{ours}"\n'
                    f'rules = [{{ protocol = "tcp", ports = "{FIRST_PORT}/{FIRST_PORT}", '
                    f'group = "{peer}", repeat = {RULES_A_GROUP} }}]\n'
                )

    def _manifest(self):
        yield "cloud,region,account_a,group_a,account_b,group_b,direction\n"
        ours, theirs = ACCOUNTS
        for number in range(self.pairs):
            yield (
                f"aws,{REGION},{ours},{self.group(ours, number)},"
                f"{theirs},{self.group(theirs, number)},ingress\n"
            )


def _profiles():
    for account, (key, secret) in ACCOUNTS.items():
        yield f"[{account}]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"


def _c7n_accounts():
    for account in ACCOUNTS:
        yield (
            f"  - account_id: '{account}'\n    name: a{account}\n"
            f"    profile: '{account}'\n    regions: [{REGION}]\n"
        )


# It cannot select by the account of a peer, so it is told the ports.
C7N_POLICY = f"""policies:
  - name: sever
    resource: aws.security-group
    filters:
      - type: ingress
        Ports: {list(range(FIRST_PORT, FIRST_PORT + RULES_A_GROUP))}
    actions:
      - type: remove-permissions
        ingress: matched
"""
