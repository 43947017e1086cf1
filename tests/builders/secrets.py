"""Random secrets that look real, each in a text that carries it.

They are put together when the tests run: no literal in this file looks like a secret, so that scanners stay quiet.
"""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable
from dataclasses import dataclass

UPPER, DIGITS = string.ascii_uppercase, string.digits
ALNUM = string.ascii_letters + DIGITS
URLSAFE = ALNUM + "_-"
BASE64 = ALNUM + "+/"
HEX = DIGITS + "abcdef"
BASE32 = UPPER + "234567"


@dataclass(frozen=True)
class Planted:
    """A secret and where it stands."""

    kind: str
    """What it is: a prefix or a place, not a rule's id."""

    text: str
    """The text that carries it."""

    secret: str
    """The string that must not be found in anything we write."""


def draw(rng: random.Random, alphabet: str, length: int) -> str:
    """Return ``length`` random characters, the last of them letters or digits, at least one of them a digit."""
    ends = "".join(sorted(set(alphabet) & set(ALNUM)))
    digits = "".join(sorted(set(alphabet) & set(DIGITS)))
    body = "".join(rng.choices(alphabet, k=length - 3))
    return rng.choice(ends) + body + rng.choice(digits) + rng.choice(ends)


# kind -> prefix, alphabet, length of the random part
TOKENS: dict[str, tuple[str, str, int]] = {
    "anthropic": ("sk-ant-" + "api03-", URLSAFE, 95),
    "anthropic-admin": ("sk-ant-" + "admin01-", URLSAFE, 90),
    "anthropic-oauth": ("sk-ant-" + "oat01-", URLSAFE, 90),
    "openai": ("sk-", ALNUM, 48),
    "openai-project": ("sk-" + "proj-", URLSAFE, 120),
    "openai-service": ("sk-" + "svcacct-", URLSAFE, 74),
    "openai-admin": ("sk-" + "admin-", URLSAFE, 60),
    "openrouter": ("sk-" + "or-v1-", HEX, 64),
    "aws-long": ("AKIA", BASE32, 16),
    "aws-temporary": ("ASIA", BASE32, 16),
    "aws-bearer": ("ABIA", BASE32, 16),
    "aws-context": ("ACCA", BASE32, 16),
    "github-personal": ("gh" + "p_", ALNUM, 36),
    "github-oauth": ("gh" + "o_", ALNUM, 36),
    "github-user": ("gh" + "u_", ALNUM, 36),
    "github-server": ("gh" + "s_", ALNUM, 36),
    "github-refresh": ("gh" + "r_", ALNUM, 76),
    "github-fine": ("github" + "_pat_", ALNUM + "_", 82),
    "gitlab-personal": ("gl" + "pat-", URLSAFE, 20),
    "gitlab-deploy": ("gl" + "dt-", URLSAFE, 20),
    "gitlab-runner": ("gl" + "rt-", URLSAFE, 20),
    "gitlab-job": ("gl" + "cbt-", URLSAFE, 24),
    "gitlab-trigger": ("gl" + "ptt-", HEX, 40),
    "gitlab-oauth": ("gl" + "oas-", HEX, 64),
    "gitlab-scim": ("gl" + "soat-", URLSAFE, 20),
    "google-api": ("AI" + "za", URLSAFE, 35),
    "google-oauth": ("ya" + "29.", URLSAFE, 120),
    "google-client": ("GOC" + "SPX-", URLSAFE, 28),
    "slack-bot": ("xo" + "xb-", DIGITS + "-" + ALNUM, 50),
    "slack-user": ("xo" + "xp-", DIGITS + "-" + ALNUM, 60),
    "slack-legacy": ("xo" + "xa-", DIGITS + "-" + ALNUM, 40),
    "slack-refresh": ("xo" + "xr-", DIGITS + "-" + ALNUM, 40),
    "slack-session": ("xo" + "xs-", DIGITS + "-" + ALNUM, 40),
    "slack-export": ("xo" + "xe-", DIGITS + "-" + ALNUM, 50),
    "slack-app": ("xa" + "pp-1-", UPPER + DIGITS + "-", 60),
    "stripe-live": ("sk" + "_live_", ALNUM, 24),
    "stripe-test": ("sk" + "_test_", ALNUM, 99),
    "stripe-restricted": ("rk" + "_live_", ALNUM, 24),
    "stripe-webhook": ("wh" + "sec_", ALNUM, 32),
    "npm": ("np" + "m_", ALNUM, 36),
    "pypi": ("py" + "pi-AgEIc", URLSAFE, 150),
    "huggingface": ("h" + "f_", ALNUM, 34),
    "groq": ("gs" + "k_", ALNUM, 52),
    "databricks": ("da" + "pi", HEX, 32),
    "digitalocean": ("do" + "p_v1_", HEX, 64),
    "vault": ("hv" + "s.", URLSAFE, 90),
}

# A place that needs no help from the token's own looks; {} is the secret.
TOKEN_CARRIERS = (
    "export API_KEY={}",
    "the key is {} and it works, please use it",
    "{}",
    "curl -H 'x-api-key: {}' https://api.example.com/v1/models",
    'client = Client("{}")',
    "tool login --with {}; tool list | head",
    '{{"a": 1, "value": "{}"}}',
    "https://api.example.com/v1/items?page=2&k={}&x=1",
    "see:\n```\n{}\n```\nthanks",
    "Überprüfe bitte »{}« – danke",
    "git remote set-url origin https://oauth2:{}@git.example.com/a/b.git",
    "echo {}>/tmp/k && ./run.sh",
)

# Places that make a secret of a random password.
PASSWORD_CARRIERS: dict[str, str] = {
    "env-export": "export DB_PASSWORD={}",
    "env-inline": "PGPASSWORD={} psql -h db -U app -c 'select 1'",
    "env-docker": "docker run -e SECRET_KEY={} -p 80:80 app",
    "env-quoted": 'export SERVICE_ROLE_KEY="{}" && make',
    "env-single": "ANON_KEY='{}' node index.js",
    "env-yaml": "      CLIENT_SECRET: {}\n      DEBUG: 1",
    "dotenv": "PORT=80\nACCESS_TOKEN={}\nDEBUG=1\n",
    "json": '{{"user": "app", "password": "{}"}}',
    "json-camel": '{{"apiKey":"{}","n":3}}',
    "yaml": "database:\n  user: app\n  password: {}\n",
    "python": 'connect(user="app", password="{}")',
    "python-annotated": 'auth_token: str = "{}"',
    "subscript": 'os.environ["MY_API_KEY"] = "{}"',
    "ini": "[default]\naws_session_token = {}\n",
    "flag-space": "mysqldump --password {} app > dump.sql",
    "flag-equals": "deploy --token={} --env prod",
    "flag-quoted": 'deploy --api-key "{}"',
    "query": "curl 'https://example.com/data?token={}&page=1'",
    "query-access": "https://example.com/cb#access_token={}&state=1",
    "url-postgres": "DATABASE=postgres://app:{}@db.example.com:5432/app",
    "url-postgresql": "psql postgresql://app:{}@localhost/app -c '\\d'",
    "url-mysql": "mysql+pymysql://app:{}@db/app",
    "url-mariadb": "mariadb://app:{}@db/app",
    "url-mongodb": "mongodb+srv://app:{}@cluster0.example.net/app?retryWrites=true",
    "url-redis": "redis-cli -u redis://:{}@cache:6379/0",
    "url-amqp": "amqps://app:{}@mq/vhost",
    "url-mssql": "mssql://sa:{}@db:1433/app",
    "url-https": "git clone https://bot:{}@example.com/a/b.git",
    "basic-flag": "curl -s -u 'app:{}' https://example.com",
    "bearer": 'curl -H "Authorization: Bearer {}" https://example.com',
    "header": "curl -H 'PRIVATE-TOKEN: {}' https://example.com",
    "mysql-p": "mysql -u root -p{} app",
    "sshpass": "sshpass -p '{}' ssh host uptime",
    "netrc": "machine example.com login app password {}\n",
    "xml": "<server><password>{}</password></server>",
    "prose": "the password is {} for the staging box",
}


def _token(rng: random.Random, kind: str) -> Planted:
    prefix, alphabet, length = TOKENS[kind]
    secret = prefix + draw(rng, alphabet, length)
    return Planted(kind, rng.choice(TOKEN_CARRIERS).format(secret), secret)


def _password(rng: random.Random, kind: str) -> Planted:
    secret = draw(rng, URLSAFE, rng.randint(18, 40))
    return Planted(kind, PASSWORD_CARRIERS[kind].format(secret), secret)


def _aws_secret(rng: random.Random) -> Planted:
    secret = draw(rng, BASE64, 40)
    return Planted("aws-secret", f"aws configure set aws_secret_access_key {secret} --profile x", secret)


def _jwt(rng: random.Random) -> Planted:
    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    head, claims = part({"alg": "HS256", "typ": "JWT"}), part({"sub": rng.randrange(10**9), "admin": True})
    secret = f"{head}.{claims}.{draw(rng, URLSAFE, 43)}"
    return Planted("jwt", rng.choice(TOKEN_CARRIERS).format(secret), secret)


def _pem(rng: random.Random) -> Planted:
    label = rng.choice(["RSA ", "EC ", "OPENSSH ", ""]) + "PRIVATE" + " KEY"
    lines = [draw(rng, BASE64, 64) for _ in range(12)]
    rule = "-" * 5
    block = "\n".join([f"{rule}BEGIN {label}{rule}", *lines, f"{rule}END {label}{rule}"])
    if rng.random() < 0.3:
        block = block.replace("\n", "\\n")
    return Planted("pem", f"cat > id_key <<EOF\n{block}\nEOF\nchmod 600 id_key", rng.choice(lines))


def _slack_webhook(rng: random.Random) -> Planted:
    path = f"T{draw(rng, BASE32, 10)}/B{draw(rng, BASE32, 10)}/{draw(rng, ALNUM, 24)}"
    return Planted("slack-webhook", "curl -d '{}' https://hooks.slack" + f".com/services/{path}", path)


def _basic_header(rng: random.Random) -> Planted:
    secret = base64.b64encode(f"app:{draw(rng, ALNUM, 20)}".encode()).decode()
    return Planted("basic-header", f"curl -H 'Authorization: Basic {secret}' https://example.com", secret)


def _escaped_json(rng: random.Random) -> Planted:
    secret = draw(rng, URLSAFE, 30)
    inner = json.dumps({"cmd": json.dumps({"user": "app", "client_secret": secret})})
    return Planted("escaped-json", inner, secret)


_MAKERS: list[tuple[str, Callable[[random.Random], Planted]]] = [
    *((kind, lambda rng, kind=kind: _token(rng, kind)) for kind in TOKENS),  # type: ignore[misc]
    *((kind, lambda rng, kind=kind: _password(rng, kind)) for kind in PASSWORD_CARRIERS),  # type: ignore[misc]
    ("aws-secret", _aws_secret),
    ("jwt", _jwt),
    ("pem", _pem),
    ("slack-webhook", _slack_webhook),
    ("basic-header", _basic_header),
    ("escaped-json", _escaped_json),
]

KINDS = tuple(kind for kind, _ in _MAKERS)
"""Every kind that :func:`planted` deals out, in turn."""


def planted(n: int, seed: int) -> list[Planted]:
    """Return ``n`` secrets, the kinds in turn, the same ones for the same seed; all secrets differ."""
    rng = random.Random(seed)
    return [_MAKERS[number % len(_MAKERS)][1](rng) for number in range(n)]
