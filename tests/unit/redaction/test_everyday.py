"""Commands, code and prose of every day are stored as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.redaction import Redactor, bundled_rules

REDACTOR = Redactor(bundled_rules())
clean = REDACTOR.clean

PLACEHOLDERS = """
export OPENAI_API_KEY=$OPENAI_API_KEY
export OPENAI_API_KEY="$KEY"
export OPENAI_API_KEY=${KEY}
export OPENAI_API_KEY="${OPENAI_API_KEY:?not set}"
export API_KEY=<your-key>
export API_KEY="<your key here>"
export API_KEY=your-api-key
API_KEY=xxxxxxxxxxxxxxxx
API_KEY=********
API_KEY=sk-...
GITHUB_TOKEN=ghp_xxxxxxxxxxxx
TOKEN=...
PASSWORD=changeme
PASSWORD=
PASSWORD=""
TOKEN=$(gh auth token)
TOKEN="$(cat /run/secrets/token)"
TOKEN=`gcloud auth print-access-token`
token: ${{ secrets.GITHUB_TOKEN }}
secrets: inherit
api_key = "{{ api_key }}"
password: {{ vault_password }}
url = f"postgres://{user}:{password}@{host}/db"
postgres://$USER:$PASS@localhost/db
postgres://user:<password>@localhost/db
set API_KEY=%API_KEY%
deploy --token $env:DEPLOY_TOKEN --submit
deploy --password "$PASSWORD"
deploy --token=<token>
curl -u "$USER:$PASS" https://example.com
curl -H "Authorization: Bearer $TOKEN" https://example.com
curl -H "Authorization: Bearer ${TOKEN}" https://example.com
Authorization: Bearer <token>
{"password": null, "token": "", "secret": "string"}
{"password": "[REDACTED]"}
password: "op://vault/item/password"
""".strip().splitlines()

CODE = """
const key = process.env.API_KEY;
const apiKey = process.env.OPENAI_API_KEY2 || "";
api_key = os.environ["OPENAI_API_KEY"]
API_KEY = os.environ.get("KEY_2")
token = get_token()
token = await fetchToken2(client)
token = tokens[0]
self.token = token
password = getpass.getpass("Password: ")
client = Client(api_key=settings.api_key, token=self.token2)
if token == previous_token: return
if (password !== confirmPassword) {
def login(user: str, password: str, token: Optional[str] = None) -> None:
interface Login { password: string; token?: string; apiKey: ApiKey }
apiKey: apiKey!,
max_tokens=1000
"max_tokens": 4096,
input_tokens: 5
cache_read_input_tokens: 128000
usage = {"input_tokens": 1234567, "output_tokens": 89}
token_count = 12345678
TOKENIZERS_PARALLELISM=false
MAX_TOKEN=8192
tokenizer = AutoTokenizer.from_pretrained("gpt2")
token_limit: 128k
TOKEN_FILE=/run/token1
SECRET_NAME=my-app-secret-1
password_file: secrets/db1.txt
token_url = "https://auth.example.com/oauth2/token"
"tokenType": "Bearer1",
"js-tokens": "^4.0.0",
"jsonwebtoken": "^9.0.2",
nextPageToken: "CAoQAA"
--pass: #34d399;
primary_key=True
sort_key: created_at2
from secrets import token_hex
import { Token } from "./token";
""".strip().splitlines()

COMMANDS = """
git commit -m "fix token refresh when the password is wrong"
git log --oneline -20 --author=me
git push origin HEAD:refs/heads/fix-secret-scan
grep -rn "password" src/ --include='*.py'
grep -rn 'API_KEY=' .
rg "token|secret" -g '!node_modules'
docker login --username app --password-stdin registry.example.com
docker run -u 1000:1000 -v "$PWD:/src" app
docker build --secret id=npmrc,src=.npmrc .
cd /tmp && OLDPWD=/home/me pwd
ls -la ~/.ssh && cat ~/.ssh/known_hosts
ssh git@github.com
scp build.tar me@example.com:/srv/www
curl -sS https://example.com/v1/items?page=2&limit=50 | jq '.items[0].id'
curl -u user https://example.com
mysql -u root -p shop
python -m pytest -x -q tests/test_token.py::test_token_expires
pip install requests==2.31.0 python-jose[cryptography]
npm config get registry
kubectl get secret my-secret -o yaml
gh auth status && gh secret list
cargo run --bin task-runner -- --token-file token.txt
sed -i 's/token/secret/g' a.py
find . -name '*secret*' -not -path './node_modules/*'
sha256sum dist/*.whl # 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
""".strip().splitlines()

PROSE = """
The password must have at least 12 characters.
Password: required
Add a --password flag to the login command, please.
Rename token to access token everywhere, then run the tests.
What is the secret of a good test suite? Names.
Asia is large; accadian is old; the disk-usage report was skipped.
Use Bearer authentication with the Authorization header.
The session key is derived from the shared secret.
Schau dir bitte das Passwort-Feld an: es fehlt ein Label.
This costs 12 tokens: 5 in, 7 out.
Always-pass tests — assertion too loose
See https://docs.example.com/guide/tokens#refresh for the token flow.
""".strip().splitlines()


@pytest.mark.parametrize("text", PLACEHOLDERS + CODE + COMMANDS + PROSE)
def test_everyday_text_stays_as_it_is(text):
    assert clean(text) == text


@given(st.text(alphabet="bdfgijlnoquvz 0123456789\n,.!'\"()", max_size=400))
def test_text_without_keywords_is_the_very_same_object(text):
    assert clean(text) is text


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_cleaned_without_a_crash(before, after):
    cleaned = clean(f"{before} password='{after}")
    assert clean(cleaned) == cleaned
