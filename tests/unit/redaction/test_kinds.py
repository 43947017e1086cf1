"""Every kind of secret is found, under the name of its rule, and its near misses are left alone."""

from __future__ import annotations

import random

import pytest

from tachograph.redaction import Redactor, bundled_rules
from tests.builders.secrets import ALNUM, BASE32, HEX, KINDS, TOKENS, UPPER, URLSAFE, draw, planted

REDACTOR = Redactor(bundled_rules())
clean = REDACTOR.clean

RULE_OF_TOKEN = {
    "anthropic": "anthropic-key",
    "openai": "openai-key",
    "openrouter": "openrouter-key",
    "aws": "aws-access-key-id",
    "github": "github-token",
    "gitlab": "gitlab-token",
    "google": "google-key",
    "slack": "slack-token",
    "stripe": "stripe-key",
    "npm": "npm-token",
    "pypi": "pypi-token",
    "huggingface": "huggingface-token",
    "groq": "groq-key",
    "databricks": "databricks-token",
    "digitalocean": "digitalocean-token",
    "vault": "vault-token",
}


def token(kind: str, seed: int = 1) -> str:
    """Return a random token of one of the builder's kinds."""
    prefix, alphabet, length = TOKENS[kind]
    return prefix + draw(random.Random(seed), alphabet, length)


def password(seed: int = 1, length: int = 20) -> str:
    return draw(random.Random(seed), ALNUM, length)


@pytest.mark.parametrize("kind", TOKENS)
def test_bare_token_is_replaced_by_the_name_of_its_rule(kind):
    rule = RULE_OF_TOKEN[kind.partition("-")[0]]
    assert clean(f"use {token(kind)} now") == f"use [redacted:{rule}] now"


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize(
    ("before", "after"), [('"', '"'), ("=", "&"), ("(", ")"), ("\\n", "\\n"), ("%3D", "%26"), ("»", "«")]
)
def test_token_is_found_between_any_neighbours(kind, before, after):
    secret = token(kind)
    assert secret[-8:] not in clean(f"x{before}{secret}{after}y")


@pytest.mark.parametrize("first", TOKENS)
def test_nothing_survives_of_two_tokens_that_touch(first):
    for second in TOKENS:
        one, two = token(first, 2), token(second, 3)
        cleaned = clean(f"a {one}{two} b")
        assert one[-8:] not in cleaned, second
        assert two[-8:] not in cleaned, second


@pytest.mark.parametrize("kind", KINDS)
def test_every_planted_kind_is_found_wherever_the_builder_puts_it(kind):
    for secret in planted(len(KINDS) * 12, seed=7):
        if secret.kind == kind:
            cleaned = clean(secret.text)
            assert secret.secret not in cleaned, secret.text
            assert secret.secret[-8:] not in cleaned, secret.text
            assert secret.secret[:12] not in cleaned, secret.text


def test_builder_is_deterministic_and_its_texts_carry_their_secrets():
    batch = planted(1_000, seed=3)
    assert batch == planted(1_000, seed=3)
    assert batch != planted(1_000, seed=4)
    assert all(one.secret in one.text for one in batch)
    assert len({one.secret for one in batch}) == 1_000
    assert {one.kind for one in batch} == set(KINDS)


# What is around the secret stays; {} is a random password.
PLACES = [
    ("postgres://app:{}@db:5432/x?ssl=1", "url-password"),
    ("redis://:{}@cache/0", "url-password"),
    ("ftp://bob:{}@files.example.com/a", "url-password"),
    ("https://{}@github.example.com/a/b", "url-token"),
    ("export STRIPE_API_KEY={} && ls", "assignment-env"),
    ("DB_PASSWORD='{}' make", "assignment-quoted"),
    ("SECRET_KEY_BASE={}", "assignment-env"),
    ("MY_CREDENTIALS: {}", "assignment-env"),
    ("SUPABASE_SERVICE_ROLE_KEY={}", "assignment-env"),
    ("NEXT_PUBLIC_ANON_KEY={}", "assignment-env"),
    ("TOKEN=${{X:-{}}}", "assignment-env"),
    ('{{"password": "{}"}}', "assignment-quoted"),
    ('{{\\"password\\": \\"{}\\"}}', "assignment-quoted"),
    ('{{\\\\\\"token\\\\\\":\\\\\\"{}\\\\\\"}}', "assignment-quoted"),
    ("config['auth_token'] = '{}'", "assignment-quoted"),
    ("'secret' => '{}',", "assignment-quoted"),
    ('accessKey := "{}"', "assignment-quoted"),
    ('clientSecret: "{}"', "assignment-quoted"),
    ("password = {}", "assignment"),
    ("api-key: {}", "assignment"),
    ("the token is {} , ok", "assignment"),
    ("login --password {} now", "assignment-flag"),
    ("login --auth-token={} now", "assignment-flag"),
    ('login --token "{}" now', "assignment-flag"),
    ("GET /x?token={}&a=1", "query-parameter"),
    ("GET /x?a=1&access_token={}&b=2", "query-parameter"),
    ("u=https%3A%2F%2Fx%3Ftoken%3D{}", "query-parameter"),
    ("Authorization: Bearer {}", "bearer-token"),
    ("authorization: token {}", "authorization"),
    ("Authorization: Basic {}==", "authorization"),
    ("Cookie: session={}", "cookie"),
    ("curl -s -u bob:{} https://x", "basic-auth"),
    ("curl --user 'bob:{}' https://x", "basic-auth"),
    ("mysql -uroot -p{} shop", "command-password"),
    ("sshpass -p {} ssh x", "command-password"),
    ("redis-cli -h x -a {} ping", "command-password"),
    ("openssl rsa -passin pass:{} -in k", "command-password"),
    ("machine x login bob password {}", "netrc-password"),
    ("CREATE USER bob IDENTIFIED BY '{}';", "sql-password"),
    ("<password>{}</password>", "xml-password"),
    ('{{"auths": {{"r.io": {{"auth": "{}"}}}}}}', "registry-auth"),
]


@pytest.mark.parametrize(("text", "rule"), PLACES)
def test_only_the_secret_of_a_place_is_replaced(text, rule):
    cleaned = clean(text.format(password()))
    marker = f"[redacted:{rule}]"
    assert password() not in cleaned
    if rule not in ("cookie", "authorization") and "${" not in text:
        assert cleaned == text.format(marker)
    else:
        assert marker in cleaned


def test_password_with_slashes_and_at_signs_goes_whole_from_a_database_url():
    assert (
        clean("postgresql+psycopg://app:p/q@s#7@db/x") == "postgresql+psycopg://app:[redacted:database-password]@db/x"
    )


@pytest.mark.parametrize("scheme", ["mariadb", "mongodb+srv", "rediss", "amqps", "mssql", "POSTGRES", "custom"])
def test_any_scheme_hides_its_password(scheme):
    assert clean(f"{scheme}://u:hunter2@h/x") == f"{scheme}://u:[redacted:url-password]@h/x"


def test_quotes_inside_a_quoted_value_do_not_end_it():
    assert clean("""password = "it's \\"so\\" se'cret" # why""") == 'password = "[redacted:assignment-quoted]" # why'


def test_punctuation_inside_a_bare_value_does_not_end_it():
    assert clean("DB_PASSWORD=a,b;c&d(e)f{g}h\nX=1") == "DB_PASSWORD=[redacted:assignment-env]\nX=1"


def test_name_matters_in_any_letter_case():
    for name in ("api_key", "API_KEY", "Api_Key", "apiKey", "ApiKey", "API-Key"):
        assert password() not in clean(f'{name}: "{password()}"')


def test_password_of_digits_is_found():
    assert clean("password=84736251") == "password=[redacted:password-number]"


# ------------------------------------------------------------------------------------------ private keys


def pem(label: str = "RSA ") -> tuple[str, str]:
    body = "\n".join(draw(random.Random(i), ALNUM + "+/", 64) for i in range(20))
    rule = "-" * 5
    return f"{rule}BEGIN {label}PRIVATE" + f" KEY{rule}\n{body}\n{rule}END {label}PRIVATE" + f" KEY{rule}", body


@pytest.mark.parametrize("label", ["", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED "])
def test_private_key_goes_from_begin_to_end(label):
    assert clean(f"a\n{pem(label)[0]}\nb") == "a\n[redacted:private-key]\nb"


def test_private_key_without_its_end_goes_to_the_end_of_the_text():
    assert clean("a\n" + pem()[0][:700]) == "a\n[redacted:private-key]"


def test_private_key_with_escaped_line_ends_is_found():
    assert clean('{"k": "' + pem()[0].replace("\n", "\\n") + '"}') == '{"k": "[redacted:private-key]"}'


def test_pgp_block_is_a_private_key_and_a_certificate_is_not():
    rule = "-" * 5
    kind = "PGP PRIVATE" + " KEY BLOCK"
    assert clean(f"{rule}BEGIN {kind}{rule}\nx\n{rule}END {kind}{rule}.") == "[redacted:private-key]."
    certificate = f"{rule}BEGIN CERTIFICATE{rule}\nMIIB\n{rule}END CERTIFICATE{rule}"
    assert clean(certificate) == certificate


# ------------------------------------------------------------------------------------------ near misses

rng = random.Random(11)
NEAR_MISSES = [
    "sk-ant-" + "short",
    "sk-" + draw(rng, ALNUM, 12),
    "task-" + draw(rng, ALNUM, 30),
    "sk-estimator-doc-link-and-another-class-name",
    "AKIA" + draw(rng, BASE32, 11),
    "akia" + draw(rng, HEX, 16),
    "gh" + "p_" + draw(rng, ALNUM, 12),
    "gh" + "x_" + draw(rng, ALNUM, 36),
    "gl" + "pat-" + draw(rng, URLSAFE, 8),
    "AI" + "za" + draw(rng, URLSAFE, 20),
    "xo" + "xb-123",
    "pk" + "_live_" + draw(rng, ALNUM, 24),
    "task_test_internationalization",
    "np" + "m_config_registry_of_the_whole_company",
    "np" + "m_" + draw(rng, ALNUM, 12),
    "py" + "pi-publish-workflow-for-every-release-branch",
    "shelf_" + draw(rng, ALNUM, 30),
    "h" + "f_" + draw(rng, ALNUM, 10),
    "ey" + "J" + draw(rng, ALNUM, 20),
    "ey" + "J" + "a.b.c",
    "hooks.slack.com/services/",
    "https://example.com:8080/a@b",
    "https://user@example.com/a",
    "postgres://app@localhost/db",
    "postgres://localhost:5432/db",
    "Bearer authentication-is-required",
    UPPER * 3,
]


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_near_miss_is_left_alone(text):
    assert clean(text) is text
