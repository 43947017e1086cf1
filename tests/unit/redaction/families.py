"""For every rule: shapes of what it must find, and of what looks like it and must stay.

A shape is a text with places to fill: ``{hex:32}`` stands for 32 random digits of that alphabet, ``{uuid}`` for a
random UUID. Where only a part of the text is the secret, it stands in ``<<`` and ``>>``. Nothing here is a secret
before it is filled.
"""

from __future__ import annotations

import base64
import random
import re
import string

from tests.builders.secrets import ALNUM, BASE32, BASE64, DIGITS, HEX, UPPER, URLSAFE, draw

ALPHABETS = {
    "alnum": ALNUM,
    "b64": BASE64,
    "b32": BASE32,
    "base58": "".join(sorted(set(ALNUM) - set("0OIl"))),
    "bech32": "023456789acdefghjklmnpqrstuvwxyz",
    "crypt": ALNUM + "./",
    "digit": DIGITS,
    "hex": HEX,
    "HEX": HEX.upper(),
    "lower": string.ascii_lowercase + DIGITS,
    "LOWER": UPPER + DIGITS,
    "url": URLSAFE,
    "word": string.ascii_lowercase,
}
_PLACE = re.compile(r"\{(uuid|words|pem64|snowflake|" + "|".join(ALPHABETS) + r")(?::(\d+))?\}")
_LARGE = re.compile(r"\{(\w+):(\d{2,})\}")
_RULE = "-" * 5
_LABELS = ("", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED ")

TOO_SHORT = "too short"
"""A near miss: the first example with every long random part cut to an eighth."""


def fill(shape: str, rng: random.Random) -> tuple[str, str]:
    """Return the text that ``shape`` describes and the secret in it."""
    text = _PLACE.sub(lambda place: _fill_place(place[1], int(place[2] or 0), rng), shape)
    before, opened, rest = text.partition("<<")
    if not opened:
        return text, text
    secret, _, after = rest.partition(">>")
    return before + secret + after, secret


def _fill_place(kind: str, length: int, rng: random.Random) -> str:
    if kind == "uuid":
        return "-".join("".join(rng.choices(HEX, k=part)) for part in (8, 4, 4, 4, 12))
    if kind == "words":
        return " ".join("".join(rng.choices(string.ascii_lowercase, k=rng.randint(3, 8))) for _ in range(length))
    if kind == "pem64":
        return base64.b64encode(_pem(rng).encode()).decode()
    if kind == "snowflake":
        return base64.b64encode(f"{rng.choice('12367')}{rng.randrange(10**17):017}".encode()).decode().rstrip("=")
    alphabet = ALPHABETS[kind]
    if kind == "word":
        return "".join(rng.choices(alphabet, k=length))
    return draw(rng, alphabet, length) if length >= 3 else "".join(rng.choices(alphabet, k=length))


def _pem(rng: random.Random) -> str:
    label = rng.choice(_LABELS) + "PRIVATE" + " KEY"
    body = "\n".join(draw(rng, BASE64, 64) for _ in range(4))
    return f"{_RULE}BEGIN {label}{_RULE}\n{body}\n{_RULE}END {label}{_RULE}\n"


def examples(rule: str) -> list[str]:
    """Return the shapes that ``rule`` must find."""
    return FAMILIES[rule][0]


def near_misses(rule: str) -> list[str]:
    """Return the shapes that look like ``rule`` and hold no secret."""
    shapes, near = FAMILIES[rule]
    short = _LARGE.sub(lambda place: f"{{{place[1]}:{max(3, int(place[2]) // 8)}}}", shapes[0])
    return [short if shape == TOO_SHORT else shape for shape in near]


def _tokens(table: str) -> dict[str, tuple[list[str], list[str]]]:
    """Read lines of a rule's id and its shapes; each is a token that is its own secret."""
    shapes: dict[str, list[str]] = {}
    for line in table.strip().splitlines():
        rule, *more = line.split()
        shapes.setdefault(rule, []).extend(more)
    return {rule: (found, [TOO_SHORT]) for rule, found in shapes.items()}


FAMILIES: dict[str, tuple[list[str], list[str]]] = {
    **_tokens("""
openrouter-key sk-or-v1-{hex:64}
openai-key sk-{alnum:48} sk-proj-{url:120} sk-svcacct-{url:74} sk-admin-{url:60}
google-key AIza{url:35} AQ.Ab8{url:47} ya29.{url:120} GOCSPX-{url:28} 1//0{url:60}
huggingface-token hf_{alnum:34} api_org_{alnum:34}
groq-key gsk_{alnum:52}
xai-key xai-{alnum:80}
perplexity-key pplx-{alnum:48}
replicate-token r8_{alnum:37}
tavily-key tvly-{alnum:32} tvly-dev-{alnum:32} tvly-prod-{alnum:32}
langsmith-key lsv2_pt_{hex:32}_{hex:10} lsv2_sk_{hex:32}_{hex:10}
wandb-key wandb_v1_{url:77}
nvidia-key nvapi-{url:64}
fireworks-key fw_{alnum:24}
cerebras-key csk-{lower:48}
elevenlabs-key sk_{hex:48}
cartesia-key sk_car_{alnum:22}
firecrawl-key fc-{hex:32}
jina-key jina_{alnum:60}
pinecone-key pcsk_{alnum:6}_{alnum:63}
voyage-key pa-{url:43}
together-key tgp_v1_{url:43}
llamacloud-key llx-{alnum:48}
e2b-key e2b_{hex:40}
cursor-key key_{hex:64} crsr_{hex:64} key_{hex:128}
apify-token apify_api_{alnum:36}
runpod-key rpa_{LOWER:46}
browserbase-key bb_live_{url:27}
kaggle-token KGAT_{hex:32}
aws-access-key-id AKIA{b32:16} ASIA{b32:16} ABIA{b32:16} ACCA{b32:16}
aws-session-token FwoGZXIvYXdz{b64:300} IQoJb3JpZ2lu{b64:600}
aws-bedrock-key ABSK{b64:128} bedrock-api-key-{b64:300}
amazon-login-token Atza|{url:300} Atzr|{url:300} amzn1.oa2-cs.v1.{hex:64} amzn.mws.{uuid}
azure-client-secret {alnum:3}{digit:1}Q~{alnum:34}
azure-key {alnum:52}JQQJ99{alnum:26}
azure-devops-token {alnum:76}AZDO{alnum:4}
alibaba-key-id LTAI{alnum:20}
tencent-key-id AKID{alnum:32}
yandex-token AQVN{url:36} t1.{url:90}.{url:86} y0_{url:55}
gcs-hmac-id GOOG1E{b32:55}
digitalocean-token dop_v1_{hex:64} doo_v1_{hex:64} dor_v1_{hex:64}
flyio-token fo1_{url:43} fm1a_{b64:200} fm1r_{b64:200} fm2_{b64:300}
heroku-key HRKU-AA{url:58} HRKU-{uuid}
vercel-token vcp_{alnum:56} vci_{alnum:56} vca_{alnum:56} vcr_{alnum:56} vck_{alnum:56}
netlify-token nfp_{alnum:36} nfc_{alnum:36} nfo_{alnum:36} nfb_{alnum:36} nfu_{alnum:36}
render-key rnd_{alnum:28}
cloudflare-token cfk_{alnum:48} cfut_{alnum:48} cfat_{alnum:48} v1.0-{hex:24}-{hex:146}
cloudflare-tunnel-token eyJhIjoi{alnum:160}
ecr-token eyJwYXlsb2FkIjoi{alnum:700}
supabase-key sbp_{hex:40} sbp_v0_{hex:40} sb_secret_{url:31}
neon-key napi_{lower:64}
planetscale-token pscale_tkn_{url:43} pscale_oauth_{url:43} pscale_pw_{url:43}
databricks-token dapi{hex:32} dose{hex:32}
mongodb-atlas-secret mdb_sa_sk_{url:40}
aiven-password AVNS_{url:19}
tinybird-token p.eyJ{url:80}.{url:43}
xata-key xau_{alnum:40}
elastic-cloud-key essu_{b64:60}
convex-key prod:happy-otter-{digit:3}|{b64:60} dev:happy-otter-{digit:3}|{b64:60} preview:acme:shop|{b64:60}
backblaze-key K00{digit:1}{alnum:27}
akamai-token akab-{lower:16}-{lower:16}
github-token ghp_{alnum:36} gho_{alnum:36} ghu_{alnum:36} ghs_{alnum:36} ghr_{alnum:76}
github-token github_pat_{alnum:22}_{alnum:59}
gitlab-token glpat-{url:20} gldt-{url:20} glrt-{url:20} glcbt-{url:24} glptt-{hex:40} gloas-{hex:64} glsoat-{url:20}
bitbucket-token ATBB{alnum:32}
atlassian-token ATATT3xFfGF0{url:170} ATCTT3xFfG{url:170} ATSTT3xFf{url:170}
docker-token dckr_pat_{url:27} dckr_oat_{url:32}
npm-token npm_{alnum:36}
rubygems-key rubygems_{hex:48}
nuget-key oy2{lower:43}
crates-token cio{alnum:32}
clojars-token CLOJARS_{hex:60}
packagist-token packagist_uut_{hex:64} packagist_ort_{hex:64}
jfrog-token AKCp{alnum:69} cmVmdGtu{alnum:56}
circleci-token CCIPAT_{alnum:22}_{hex:40} CCIPRJ_{alnum:22}_{hex:40}
buildkite-token bkua_{hex:40}
harness-token pat.{alnum:22}.{hex:24}.{alnum:20} sat.{alnum:22}.{hex:24}.{alnum:20}
octopus-key API-{LOWER:26}
terraform-token {alnum:14}.atlasv1.{alnum:67}
vault-token hvs.{url:90} hvb.{url:150} hvr.{url:90}
pulumi-token pul-{hex:40}
doppler-token dp.pt.{alnum:43} dp.st.dev.{alnum:43} dp.ct.{alnum:43} dp.sa.{alnum:43} dp.scim.{alnum:43}
doppler-token dp.audit.{alnum:43}
onepassword-token ops_eyJ{alnum:400} A3-{LOWER:6}-{LOWER:11}-{LOWER:5}-{LOWER:5}-{LOWER:5}
sonar-token squ_{hex:40} sqp_{hex:40} sqa_{hex:40}
sourcegraph-token sgp_{hex:40} sgp_{hex:16}_{hex:40} sgp_local_{hex:40}
gitpod-token gitpod_pat_{url:43}
jetbrains-token perm:{alnum:8}.{alnum:8}.{alnum:30} perm-{alnum:8}=.{alnum:8}.{alnum:30}
prefect-key pnu_{alnum:36} pnb_{alnum:36}
dbt-token dbtu_{url:43} dbtc_{url:43}
deno-token ddp_{alnum:36} ddw_{alnum:36} ddo_{alnum:36}
tailscale-key tskey-auth-{alnum:11}CNTRL-{alnum:32} tskey-api-{alnum:11}CNTRL-{alnum:32}
tailscale-key tskey-client-{alnum:11}CNTRL-{alnum:32}
netbird-token nbp_{alnum:36}
portainer-token ptr_{b64:43}=
kong-token kpat_{alnum:50} spat_{alnum:50}
zuplo-key zpka_{hex:32}_{hex:8}
apollo-key service:orchard-api:{alnum:22}
statsig-key secret-{alnum:43}
posthog-key phx_{alnum:47} phs_{alnum:47}
grafana-token glsa_{alnum:32}_{hex:8} glc_eyJ{alnum:150} eyJrIjoi{alnum:84}
newrelic-key NRAK-{LOWER:27} NRRA-{hex:42} NRAA-{hex:27} NRII-{url:32} NRIQ-{url:32} NRJS-{hex:19}
newrelic-license-key {hex:36}NRAL
dynatrace-token dt0c01.{LOWER:24}.{LOWER:64} dt0s02.{LOWER:8}.{LOWER:64}
honeycomb-key hcaik_{lower:58} hcxik_{lower:58} hcamk_{lower:58} hcalk_{lower:58}
logfire-token pylf_v1_us_{alnum:43} pylf_v1_eu_{alnum:43}
checkly-key cu_{hex:32}
rootly-key rootly_{hex:64}
linear-key lin_api_{alnum:40} lin_oauth_{hex:64}
notion-token ntn_{alnum:46} secret_{alnum:43}
airtable-token pat{alnum:14}.{hex:64}
asana-token 1/1{digit:15}:{hex:32} 2/1{digit:15}/1{digit:15}:{hex:32}
figma-token figd_{url:40}
clickup-token pk_{digit:8}_{LOWER:32}
klaviyo-key pk_{hex:34}
trello-token ATTA{hex:64}{HEX:8}
postman-key PMAK-{hex:24}-{hex:34} PMAT-{LOWER:26}
readme-key rdme_{lower:70}
contentful-token CFPAT-{url:43}
typeform-token tfp_{url:44}_{url:14}
intercom-token dG9rO{alnum:54}=
mailchimp-key {hex:32}-us{digit:1} {hex:32}-us{digit:2}
mailgun-key key-{hex:32}
sendgrid-key SG.{url:22}.{url:43}
brevo-key xkeysib-{hex:64}-{alnum:16} xsmtpsib-{hex:64}-{alnum:16}
resend-key re_{alnum:8}_{alnum:24}
mailersend-token mlsn.{hex:64}
twilio-key SK{hex:32}
telnyx-key KEY0{HEX:31}_{alnum:22}
square-token sq0atp-{url:22} sq0csp-{url:43} EAAA{url:60}
facebook-token EAA{alnum:180}
instagram-token IGQV{alnum:140} IGAA{alnum:140}
twitter-token AAAAAAAAAAAAAAAAAAAAA{alnum:30}%2B{alnum:30}%3D{alnum:30}
linkedin-secret WPL_AP1.{alnum:16}.{alnum:8}==
dropbox-token sl.{url:135} sl.u.{url:800}
adobe-secret p8e-{url:32}
salesforce-token 00D{alnum:12}!{alnum:96}
zoho-token 1000.{hex:32}.{hex:32}
rapidapi-key {lower:10}msh{lower:15}p1{lower:6}jsn{lower:12}
fcm-key {alnum:11}:APA91b{url:134}
stripe-key sk_live_{alnum:24} sk_test_{alnum:99} rk_live_{alnum:24} whsec_{alnum:32}
shopify-token shpat_{hex:32} shpca_{hex:32} shppa_{hex:32} shpss_{hex:32}
braintree-token access_token$production${lower:16}${hex:32} access_token$sandbox${lower:16}${hex:32}
flutterwave-key FLWSECK-{hex:32}-X FLWSECK_TEST-{hex:32}-X
paddle-key pdl_live_apikey_{lower:26}_{alnum:22}_{alnum:3} pdl_sdbx_apikey_{lower:26}_{alnum:22}_{alnum:3}
mollie-key live_{alnum:30} test_{alnum:30}
easypost-key EZAK{alnum:54} EZTK{alnum:54}
shippo-token shippo_live_{hex:40} shippo_test_{hex:40}
duffel-token duffel_live_{url:43} duffel_test_{url:43}
ebay-secret PRD-{hex:12}-{hex:4}-{hex:4}-{hex:4}-{hex:4} SBX-{hex:12}-{hex:8}-{hex:4}-{hex:4}-{hex:4}
mapbox-token sk.eyJ{alnum:80}.{alnum:22}
frameio-token fio-u-{url:64}
segment-token sgp_{alnum:64}
onesignal-key os_v2_app_{lower:104} os_v2_org_{lower:104}
pubnub-key sec-c-{b64:48}
imagekit-key private_{b64:27}=
liveblocks-key sk_prod_{url:64} sk_dev_{url:64}
triggerdev-key tr_dev_{alnum:20} tr_prod_{alnum:20} tr_pat_{alnum:40}
inngest-key signkey-prod-{hex:64} signkey-test-{hex:64}
unkey-key unkey_{alnum:22}
polar-token polar_oat_{alnum:43} polar_pat_{alnum:43}
ory-token ory_pat_{alnum:32} ory_at_{url:43}.{url:43} ory_rt_{url:43}.{url:43}
nylas-key nyk_v0_{alnum:64}
metabase-key mb_{b64:43}=
retool-token retool_{lower:30}
twitch-token oauth:{lower:30}
age-key AGE-SECRET-KEY-1{LOWER:58}
bip32-key xprv{base58:107} zprv{base58:107} tprv{base58:107}
nostr-key nsec1{bech32:58}
password-hash $2b$12${crypt:53} $2y$10${crypt:53} $6${crypt:16}${crypt:86} $5$rounds=5000${crypt:16}${crypt:43}
password-hash $apr1${crypt:8}${crypt:22}
secret-token-uri secret-token:{url:32}
django-key django-insecure-{alnum:50}
jwt eyJ{alnum:33}.eyJ{alnum:60}.{url:43}
"""),
    "anthropic-key": (
        ["sk-ant-api03-{url:95}", "sk-ant-admin01-{url:90}", "sk-ant-oat01-{url:90}"],
        ["sk-ant-{alnum:5}", "sk-ant-..."],
    ),
    "helicone-key": (["sk-helicone-{lower:7}-{lower:7}-{lower:7}-{lower:7}"], ["sk-helicone-{lower:7}"]),
    "slack-token": (
        [
            "xoxb-{digit:12}-{digit:12}-{alnum:24}",
            "xoxp-{digit:12}-{digit:12}-{hex:32}",
            "xapp-1-{LOWER:11}-{digit:13}-{hex:64}",
        ],
        ["xoxb-123", "xox-{digit:12}-{digit:12}"],
    ),
    "pypi-token": (["pypi-AgEIcHlwaS5vcmc{url:150}"], ["pypi-publish-workflow-for-every-release-branch"]),
    "sentry-token": (["sntrys_eyJ{alnum:150}", "sntryu_{hex:64}"], ["sntrys_{alnum:8}"]),
    "langfuse-key": (["sk-lf-{uuid}"], ["sk-lf-1234-5678", "pk-lf-{uuid}"]),
    "context7-key": (["ctx7sk-{uuid}"], ["ctx7sk-1234-5678"]),
    "axiom-token": (["xaat-{uuid}", "xapt-{uuid}"], ["xaat-1234-5678"]),
    "launchdarkly-key": (["sdk-{uuid}", "api-{uuid}"], ["mob-{uuid}", "sdk-1234-5678"]),
    "plaid-token": (
        ["access-sandbox-{uuid}", "access-development-{uuid}", "access-production-{uuid}"],
        ["public-sandbox-{uuid}", "access-sandbox-environments"],
    ),
    "hubspot-token": (["pat-na1-{uuid}", "pat-eu1-{uuid}"], ["pat-na1-short", "pat-xx1-{uuid}"]),
    "deepl-key": (["{uuid}:fx"], ["{uuid}:fxa", "{uuid}"]),
    "discord-bot-token": (
        ["{snowflake}.{alnum:6}.{url:38}"],
        ["{snowflake}.{alnum:6}", "model.layers.weights", "node.attrs.children.of.the.document.tree"],
    ),
    "encoded-private-key": (["{pem64}"], ["LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t{b64:80}"]),
    "azure-shared-key": (
        ["AccountName=app;AccountKey=<<{b64:86}==>>;EndpointSuffix=core", "SharedAccessKey=<<{b64:43}=>>;EntityPath=x"],
        ["AccountKey=your-account-key", "AccountName={lower:40}"],
    ),
    "aws-secret-key": (
        [
            "aws_secret_access_key = <<{b64:40}>>",
            "AWS_SECRET_ACCESS_KEY=<<{b64:40}>>",
            '"SecretAccessKey": "<<{b64:40}>>"',
        ],
        ["aws_secret_access_key = $AWS_SECRET"],
    ),
    "ngrok-token": (
        ["ngrok config add-authtoken <<{alnum:27}_{alnum:21}>>", "authtoken: <<{alnum:27}_{alnum:21}>>"],
        ["ngrok config add-authtoken $NGROK"],
    ),
    "kubeadm-token": (
        ["kubeadm join 10.0.0.1:6443 --token <<{lower:6}.{lower:16}>> --discovery-token-unsafe-skip-ca-verification"],
        ["kubeadm join --token <token>"],
    ),
    "rancher-token": (
        ["token-{lower:5}:{lower:54}", "kubeconfig-user-{lower:10}:{lower:54}"],
        ["token-{lower:5}", "kubeconfig-user"],
    ),
    "proxmox-token": (["PVEAPIToken=<<root@pam!ci={uuid}>>"], ["PVEAPIToken=$TOKEN"]),
    "slack-webhook": (
        ["https://hooks.slack.com/services/<<T{b32:10}/B{b32:10}/{alnum:24}>>"],
        ["https://hooks.slack.com/services/", "https://slack.com/help/articles/{digit:12}"],
    ),
    "discord-webhook": (
        [
            "https://discord.com/api/webhooks/{digit:19}/<<{url:68}>>",
            "https://discordapp.com/api/v10/webhooks/{digit:18}/<<{url:68}>>",
        ],
        ["https://discord.com/api/webhooks/{digit:19}", "https://discord.com/api/v10/users/@me"],
    ),
    "telegram-token": (
        ["https://api.telegram.org/bot{digit:10}:<<AA{url:33}>>/getMe", "{digit:9}:<<AA{url:33}>>"],
        ["{digit:10}:AA{url:12}", "12:AA{url:33}"],
    ),
    "teams-webhook": (
        ["https://acme.webhook.office.com/webhookb2/<<{uuid}@{uuid}/IncomingWebhook/{hex:32}/{uuid}>>"],
        ["https://acme.webhook.office.com/webhookb2/<id>"],
    ),
    "zapier-webhook": (
        [
            "https://hooks.zapier.com/hooks/catch/<<{digit:7}/{lower:7}>>/",
            "https://hooks.zapier.com/hooks/standard/<<{digit:7}/{hex:32}>>",
        ],
        ["https://hooks.zapier.com/hooks/catch/"],
    ),
    "make-webhook": (["https://hook.eu1.make.com/<<{lower:32}>>"], ["https://www.make.com/en/help/tools/webhooks"]),
    "feishu-webhook": (
        [
            "https://open.feishu.cn/open-apis/bot/v2/hook/<<{uuid}>>",
            "https://open.larksuite.com/open-apis/bot/v2/hook/<<{uuid}>>",
        ],
        ["https://open.feishu.cn/open-apis/bot/v2/hook/xxxx"],
    ),
    "private-key": (
        [
            f"{_RULE}BEGIN {label}PRIVATE KEY{_RULE}\n{{b64:64}}\n{{b64:64}}\n{_RULE}END {label}PRIVATE KEY{_RULE}"
            for label in _LABELS
        ],
        [f"{_RULE}BEGIN PUBLIC KEY{_RULE}\n{{b64:64}}\n{_RULE}END PUBLIC KEY{_RULE}"],
    ),
    "putty-key": (
        [
            "Private-Lines: 2\n<<{b64:64}\n{b64:64}\n>>Private-MAC: {hex:40}",
            "Private-Lines: 1\\n<<{b64:64}\\n>>Private-MAC: {hex:40}",
        ],
        ["Public-Lines: 1\n{b64:64}\nComment: a key", "Private-Lines: two"],
    ),
    "jwk-private-key": (
        [
            '{"kty":"EC","crv":"P-256","d":"<<{url:43}>>","x":"{url:43}"}',
            '{\\"kty\\":\\"OKP\\",\\"d\\":\\"<<{url:43}>>\\"}',
        ],
        ['{"kty":"EC","x":"{url:43}","y":"{url:43}"}', '{"d":"short"}'],
    ),
    "seed-phrase": (
        ['mnemonic = "<<{words:12}>>"', "seed phrase: <<{words:24}>>", "recovery_phrase: '<<{words:12}>>'"],
        ["mnemonic: a word that helps to remember", "seed phrase: {words:5}"],
    ),
    "laravel-key": (
        ["APP_KEY=<<base64:{b64:43}=>>", 'key: "<<base64:{b64:43}=>>"'],
        ["data:image/png;base64:{b64:20}"],
    ),
    "machine-key": (
        [
            '<machineKey validationKey="<<{HEX:128}>>" validation="SHA1" />',
            '<machineKey decryptionKey="<<{HEX:64}>>" />',
        ],
        ['<machineKey validationKey="AutoGenerate,IsolateApps" />'],
    ),
    "url-password": (
        ["https://bot:<<{alnum:20}>>@example.com/a.git", "ftp://app:<<{url:24}>>@files.example.com"],
        ["https://user:pass@example.com", "https://example.com:8080/a@b"],
    ),
    "database-password": (
        ["postgres://app:<<{alnum:8}/{alnum:12}>>@db/app"],
        ["postgres://app@db/app", "mysql://app:$PASSWORD@db/app"],
    ),
    "url-token": (["https://<<{alnum:40}>>@example.com/a.git"], ["https://someone@example.com/a.git"]),
    "bearer-token": (
        ['curl -H "Authorization: Bearer <<{url:40}>>"'],
        ["Bearer authentication-is-required", "Authorization: Bearer $TOKEN"],
    ),
    "authorization": (
        [
            "Authorization: Basic <<{alnum:28}=>>",
            "authorization: token <<{hex:40}>>",
            "Authorization: Bot <<{alnum:40}>>",
            "Authorization: Splunk <<{uuid}>>",
            "Authorization: SSWS <<{url:40}>>",
        ],
        ["Authorization: Basic $BASIC", "the Authorization: header of a request"],
    ),
    "cookie": (["Cookie: <<session={alnum:40}>>"], ["cookie: $COOKIE", "cookie: yes"]),
    "registry-auth": (
        ['{"auths": {"r.example.com": {"auth": "<<{alnum:40}>>"}}}', "//registry.example.com/:_auth=<<{alnum:40}>>"],
        ['{"auth": "basic"}'],
    ),
    "query-parameter": (
        ["https://example.com/a?token=<<{url:30}>>&page=2", "https://example.com/a?x=1&sig=<<{alnum:30}>>"],
        ["https://example.com/a?token=$TOKEN", "https://example.com/a?key=name"],
    ),
    "otp-secret": (
        ["otpauth://totp/Acme:ann?secret=<<{b32:32}>>&issuer=Acme"],
        ["otpauth://totp/Acme:ann?issuer=Acme"],
    ),
    "basic-auth": (["curl -u app:<<{alnum:20}>> https://example.com"], ["curl -u app:$PASSWORD https://example.com"]),
    "command-password": (
        [
            "sshpass -p <<{alnum:16}>> ssh app@host",
            "mysql -u root -p<<{alnum:16}>> app",
            "redis-cli -h cache -a <<{alnum:16}>> ping",
        ],
        ["sshpass -p $PW ssh app@host"],
    ),
    "pgpass-password": (
        ["db.example.com:5432:app:ann:<<{alnum:16}>>"],
        ["localhost:5432:app:ann:$PGPASSWORD", "0.0.0.0:5432->5432/tcp"],
    ),
    "connection-password": (
        ["Server=db;Uid=sa;Pwd=<<{alnum:16}>>;Encrypt=yes"],
        ["Server=db;Uid=sa;Pwd=<password>;", "cd app; pwd=/srv/app"],
    ),
    "php-define": (
        ["define('AUTH_KEY', '<<{alnum:64}>>');", 'define("DB_PASSWORD", "<<{alnum:20}>>");'],
        ["define('AUTH_KEY', 'put your unique phrase here');", "define('DB_NAME', 'orchard_2024');"],
    ),
    "sudo-password": (
        [
            "echo <<{alnum:12}>> | sudo -S apt-get update",
            "echo 'ann:<<{alnum:12}>>' | sudo chpasswd",
            "printf '<<{alnum:12}>>\\n' | sudo -kS id",
        ],
        ["echo $PW | sudo -S id", "echo done | sudo tee /etc/motd"],
    ),
    "docker-login": (
        [
            "docker login -u ann -p <<{alnum:20}>> registry.example.com",
            "helm registry login -u ann --password <<{word:12}>> r.example.com",
        ],
        ["docker login -u ann --password-stdin", "docker login -u ann -p $PW"],
    ),
    "ldap-password": (
        ["ldapsearch -x -D cn=admin -w <<{alnum:16}>> -b dc=example"],
        ["ldapsearch -x -D cn=admin -W -b dc=example", "ldapsearch -w $PW"],
    ),
    "sqlcmd-password": (
        ["sqlcmd -S db -U sa -P <<{alnum:16}>> -Q 'select 1'", "bcp app.t out t.dat -U sa -P<<{alnum:16}>>"],
        ["sqlcmd -S db -U sa -P $PW"],
    ),
    "smb-password": (["smbclient //nas/share -U ann%<<{alnum:16}>> -c ls"], ["smbclient //nas/share -U ann%$PW"]),
    "keystore-password": (
        ["keytool -list -keystore k.jks -storepass <<{alnum:12}>>", "keytool -genkey -keypass <<{alnum:12}>> -alias a"],
        ["keytool -list -storepass $PW -keypass ${PW}"],
    ),
    "archive-password": (
        ["zip -r -P <<{alnum:12}>> a.zip src", "unzip -P <<{alnum:12}>> a.zip", "7z x -p<<{alnum:12}>> a.7z"],
        ["unzip -p a.zip b.txt", "7z x -p$PW a.7z", "zip -r a.zip src"],
    ),
    "htpasswd-password": (
        ["htpasswd -cb /srv/.htpasswd ann <<{alnum:12}>>", "htpasswd -nb ann <<{alnum:12}>>"],
        ["htpasswd -c /srv/.htpasswd ann"],
    ),
    "netrc-password": (
        ["machine example.com login ann password <<{alnum:12}>>"],
        ["machine example.com login ann password $PW"],
    ),
    "sql-password": (
        ["ALTER USER ann PASSWORD '<<{alnum:12}>>'", "CREATE USER ann IDENTIFIED BY '<<{alnum:12}>>'"],
        ["CREATE USER ann IDENTIFIED BY '<password>'"],
    ),
    "powershell-secure-string": (
        ['ConvertTo-SecureString "<<{alnum:12}>>" -AsPlainText -Force'],
        ["ConvertTo-SecureString $plain -AsPlainText -Force"],
    ),
    "wifi-key": (
        ['psk="<<{alnum:16}>>"', "nmcli device wifi connect Attic password <<{alnum:16}>>"],
        ["psk=$PSK", "nmcli device wifi connect Attic"],
    ),
    "smtp-auth": (["AUTH PLAIN <<{alnum:32}>>"], ["auth plain text only", "AUTH PLAIN LOGIN"]),
    "xml-password": (
        ["<password><<{alnum:12}>></password>", "<apiKey><<{alnum:30}>></apiKey>"],
        ["<password>${env.PW}</password>"],
    ),
    "assignment-env": (
        ["export DB_PASSWORD=<<{alnum:16}>>", "SESSION_SECRET=<<{word:12}>>"],
        ["export DB_PASSWORD=$PW", "MAX_TOKENS=4096"],
    ),
    "assignment-flag": (
        ["deploy --api-key=<<{alnum:24}>>", "deploy --password <<{alnum:12}>> now"],
        ["deploy --token-file token.txt", "deploy --password"],
    ),
    "assignment-quoted": (
        ['{"password": "<<{alnum:12}>>"}', "client_secret = '<<{alnum:24}>>'"],
        [
            '{"token": "string"}',
            'password = ""',
            'token == "async"',
            "name_token = r'[a-z]+'",
            '"enter_password": "Enter your password, please"',
            '"no_password": "没有密码"',
        ],
    ),
    "assignment": (
        ["password: <<{alnum:12}>>", "the api_key is <<{alnum:24}>> now"],
        ["password: required", "token = next_token()"],
    ),
    "assignment-option": (
        ["deploy --acme_token <<{alnum:40}>>", "deploy --acmeApiKey <<{hex:32}>>"],
        ["deploy --acme_token $TOKEN", "deploy --max_tokens 4096", "run --token_file token1.txt"],
    ),
    "assignment-words": (
        ["set -x API_KEY <<{alnum:20}>>", "ENV DB_PASSWORD <<{alnum:12}>>", 'setx APP_SECRET "<<{alnum:20}>>"'],
        ["set the password to something else", "ENV TOKEN_FILE /run/token1", "set -x API_KEY $KEY"],
    ),
    "assignment-key": (
        [
            "ACME_KEY=<<{hex:32}>>",
            'acmeCreds: "<<{alnum:40}>>"',
            "acme_salt = '<<{b64:43}=>>'",
            '"acmeKey": "<<{uuid}>>"',
        ],
        [
            "cache_key = '{hex:32}'",
            "sort_key: created_at_descending_2024",
            "key = {hex:40}",
            'acme_key = "orchard-and-meadow-2024"',
        ],
    ),
    "password-number": (["password=<<84{digit:6}>>"], ["password=5"]),
    "email": (["<<ann.{word:6}@example.com>>"], ["@ann", "ann@localhost"]),
}
"""Rule -> shapes it finds, shapes it leaves."""
