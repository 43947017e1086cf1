from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.analysis import task_type
from tachograph.analysis.task_text import read_words
from tachograph.analysis.task_type import MAX_CHARS, bundled_table, classify_task
from tests.effort import takes_at_most

PAGE = Path(__file__).parents[3] / "docs" / "task-types.md"

PROMPTS = {
    "debug-fix": [
        "fix the login bug",
        "Fix typo in the docs",
        "please fix this",
        "The sidebar is broken on mobile, can you take a look?",
        "tests are failing on main, make them green again",
        "why is the build failing?",
        "why does the export drop the last row?",
        "the app crashes when I open a second window",
        "Explain this error: TypeError: cannot read properties of undefined (reading 'map')",
        "review my change and fix what you find",
        "After upgrading to 4.2 we see a regression: the list is empty",
        "this doesn't work, the button does nothing when I click it",
        "Debug the race condition in the scheduler",
        "I get a segfault in parse_header, find the root cause",
        "getting 500s from /api/orders since yesterday",
        "there's a memory leak somewhere in the worker, track it down",
        "Resolve the merge conflict in src/app.ts",
        "Fix the failing CI job, it times out in the deploy step",
        "The training loop throws a shape mismatch error, fix it",
        "Warum schlägt der Test fehl? Bitte fix das",
        "der build ist kaputt, behebe das bitte",
        "Behebe den Fehler beim Speichern der Einstellungen",
        "hmm still not working, same exception as before",
        "look into issue #412 - dates are off by one in the calendar",
        "The tooltip should close on escape but it doesn't. Can you fix?",
        ("npm run build gives me\n\nsrc/menu.ts:14:3 - error TS2345: Argument of type 'string' is not "
        "assignable\n\nhelp"),
        "Traceback (most recent call last):\n  File \"run.py\", line 3, in <module>\n    main()\nKeyError: 'user'",
        "```\nthread 'main' panicked at src/lib.rs:10\nerror: test failed\n```\nwhat is going on here?",
        ("Users report that the total on the invoice is wrong when a discount applies. Reproduce it with "
        "a test, then correct it."),
        "clean up all the lint errors and type errors",
        "undo the last change, it broke the header",
        "Investigate why the nightly job fails and fix it",
        "In settings.py the default timezone is wrong, fix the default and add a test",
        "flaky test: test_upload_resumes fails one time out of ten",
        "GitHub issue: pressing tab twice freezes the editor. Please find out why and repair it.",
        "corrige el error del formulario de registro",
        "Getting `ECONNREFUSED` when I start the dev server",
        "login redirects to a blank page since the last merge",
        "please get rid of this warning: unused import",
        "This query returns duplicates, why?",
        "Our websocket reconnect logic loses messages. Fix.",
        "the date picker shows the wrong month in safari",
        "can't log in anymore after the update",
        "solve the failing type checks",
        "Something is off with the totals in the report",
        "the docs build fails with a sphinx warning, repair it",
        "Uncaught ReferenceError: process is not defined in the browser console",
        "the search returns nothing for umlauts",
        "PR checks are red, please sort it out",
        "why do I see two scrollbars?",
        "that didn't help, the error is still there",
        "docker build fails at step 7 with exit code 137",
        "Images don't show up in the preview",
        "hotfix: null check in the session handler",
        "the app is super slow when the list has 1000 entries, find out why",
        "Fix lint",
        "mypy complains about the return type in api.py",
        "Cursor jumps to the end of the field while typing. please fix",
        "Our e2e suite has been red since Tuesday, bring it back to green",
        "It prints NaN for empty carts",
        "cannot connect to the database when running in docker",
        "npm install ends with a peer dependency conflict",
        "address the review comments on the PR",
        "the parser chokes on windows line endings",
        "I think we introduced a bug in the last commit, the total is too high",
        "ios build errors out with code signing stuff, help",
        "Update the deps. The build fails now. Fix it.",
        "The sidebar is broken. Add a z-index and fix it.",
        "commit. when I open the page it crashes",
        "Update the date picker, customers say that it is broken and shows the wrong month",
        "Create a ticket fails with error 500",
        "Write a test that reproduces the crash",
        "review the diff and fix what breaks",
        "fix what breaks after the upgrade",
        "Add to cart doesn't work when logged out",
        "We need a fix for the crash",
        "make it work again, it broke when we upgraded",
        "Make sure it doesn't crash when the file is empty",
        "It has a bug: the list is empty",
        "It was fine yesterday, now the page is blank and nothing happens, it fails",
        "Look at the logs first. The worker crashes.",
        "The upload hangs. Look at the retry code first.",
    ],
    "ml-eval": [
        "train a classifier on the ticket data",
        "Fine-tune the small model on our support chats and report the F1",
        "run the evals against the new prompt and compare with last week's baseline",
        "improve the accuracy of the sentiment classifier",
        "Evaluate three embedding models on our retrieval benchmark, report recall@10 and nDCG",
        "the validation loss plateaus after epoch 3, try a lower learning rate",
        "do a hyperparameter sweep over batch size and lr with optuna",
        "Add early stopping to the training loop and log the val loss to wandb",
        "Write a script that splits the dataset into train and test and trains an xgboost baseline",
        "build an eval harness for our llm agent, with 50 test cases and an llm-as-judge scorer",
        "compare gpt-5 and claude on the summarisation benchmark, 3 runs each",
        "Compute precision, recall and the confusion matrix for the checkpoint in runs/12",
        "our model overfits, add dropout and augment the training data",
        "Port the notebook: load the dataset, normalise features, train the random forest, cross-validate",
        "quantize the checkpoint to int8 and measure the perplexity",
        "run swe-bench lite with the new scaffold and give me the pass rate",
        "trainiere das Modell nochmal mit mehr Epochen und vergleiche die accuracy",
        "Implement LoRA fine-tuning for the 8B model with gradient checkpointing",
        "label the eval dataset and compute the judge's agreement with humans (kappa)",
        "tune the reward model; I want to see the ablation over dataset sizes",
        "ok next experiment: same config, pytorch lightning, 20 epochs, cosine schedule",
        "Create a jupyter notebook that plots ROC AUC for every fold",
        "evaluate the prompt on the golden set and tell me which examples regress",
        "can you benchmark inference latency of the onnx model vs. the pytorch one, on gpu",
        "train an image model on the leaf photos, 10 classes",
        "Let's see how the new checkpoint does on the dev set",
        "Write eval cases for the assistant's tool use and score them",
        "plot the learning curves for all runs",
        "try gradient boosting instead of logistic regression and compare AUC",
        "sweep temperature for the sampler and report pass@5",
        "why is val loss going up while train loss goes down?",
        "collect a dataset of labelled emails and fine tune bert on it",
        "measure how well the classifier generalises to the test set",
        "score the model outputs with rouge and bertscore",
        "Add a held-out test split and report accuracy per class",
        "run 5 seeds of the ppo agent on cartpole",
        "build a small RAG eval: 30 questions, exact match and faithfulness",
        "implement a transformer from scratch in pytorch and train it on tinyshakespeare",
        "find better prompts for the extraction task and measure accuracy on the labelled set",
        "export the embeddings and cluster them with k-means",
        "Train the detector on the cropped images for 30 epochs",
        "write an llm judge that scores answers 1-5",
        "make a train/val/test split stratified by customer",
        "the recommender's recall dropped after retraining, try more negatives",
        "compute inter-annotator agreement",
        "grid search over C and gamma for the svm",
        "run lm-eval-harness on the merged checkpoint",
        "Write an eval harness that lists the cases where the answer is wrong",
        "Train a classifier on the tickets. Look at the dataset first.",
    ],
    "infra-deploy": [
        "deploy the site to production",
        "Set up GitHub Actions to run the tests on every push",
        "write a Dockerfile for the api",
        "add a terraform module for the postgres instance",
        "move the service to kubernetes, with a helm chart",
        "configure nginx as a reverse proxy with TLS from let's encrypt",
        "Rotate the database credentials and update the secrets in the vault",
        "publish the package to pypi with trusted publishing",
        "create a docker-compose file with redis and postgres",
        "provision two vms on hetzner with ansible",
        "cut release v1.4.0: bump the version, tag it and push the image to ghcr",
        "how do I deploy this to fly.io?",
        "speed up the CI pipeline, cache the node modules",
        "Migrate our staging cluster to the new region, then switch DNS",
        "set up monitoring with prometheus and grafana for the workers",
        "roll back the last deployment",
        "Richte bitte eine CI Pipeline mit GitLab ein",
        "deploye den neuen Stand auf den Server und starte den systemd Dienst neu",
        "add a staging environment to the deploy workflow, with its own s3 bucket and iam role",
        "give the lambda permission to read from the queue (cloudformation)",
        "the release workflow should also build arm64 images and push them to ecr",
        "Install docker and k3s on the raspberry pi and expose it through a cloudflare tunnel",
        "make the ci/cd run only on changed packages",
        "add a cron job on the server that backs up the db to s3",
        "push the image to our registry and roll it out to the cluster",
        "we need an nginx config for two domains",
        "Create a workflow that publishes to npm on tag",
        "set up a VPS with docker for the bot",
        "make a backup job for the prod database",
        "add autoscaling to the ecs service",
        "Dockerize the app",
        "move secrets from .env to aws secrets manager",
        "get the app running on vercel",
        "spin up a staging environment on fly",
        "our GitHub action should also run on windows",
        "write a systemd unit for the collector",
        "renew the TLS certificate and reload nginx",
        "add a helm value for the replica count",
        "Give me a compose file for postgres plus pgadmin",
        "store the api key in the ci secrets",
        "release 2.0.1 to npm",
        "add healthchecks and resource limits to the k8s manifests",
        "write the terraform for an rds instance",
        "create a k8s cronjob for the cleanup script",
        "set up ssh keys and a firewall on the new box",
        "switch our hosting from heroku to fly",
        "configure dependabot and branch protection",
        "make the docker image smaller",
        "deploy to staging",
        "Move CI from travis to github actions",
        "We need a Dockerfile for the worker. Look at how the api does it first.",
        "Write a workflow for github actions that tells us which job failed",
    ],
    "research-recon": [
        "explain how the cache works",
        "How does authentication work in this repo?",
        "where is the rate limit configured?",
        "Review this pull request",
        "give me an overview of the codebase",
        "what's the difference between the two parsers?",
        "Investigate how other tools store their settings. Don't change anything.",
        "summarize the changes since the last tag",
        "audit the code for security problems, read-only, no edits",
        "compare sqlite and duckdb for our use case and recommend one",
        "Research which library we could use for pdf text extraction",
        "can you find all places where we call the old api?",
        "Read the README and tell me what this project does",
        "List every endpoint and who calls it",
        "Is there a way to run the import without network?",
        "analysiere die Architektur und erkläre mir den Datenfluss",
        "Was macht diese Funktion?",
        "Let's brainstorm: what are the options for offline sync?",
        "You are reviewing a colleague's design document. Assess whether the plan is complete and consistent.",
        "Explore the repository and report how errors are handled. Do not modify files.",
        "walk me through the request lifecycle",
        "which files would need to change if we dropped python 3.9?",
        "Explain the deployment pipeline to me, from the terraform modules to the helm chart",
        "look through the logs of the last week and summarise what users asked for",
        "Code review of commits 1a2b3c..4d5e6f please, focus on concurrency",
        "what do you think about this approach? pros and cons",
        "Verify that the implementation matches the spec; report deviations only",
        "explique-moi comment marche le module de paiement",
        "do we have any tests for the importer?",
        "What does the training loop do with the learning rate? just explain, no code changes",
        "survey the literature on incremental parsing",
        "What does AccountService do?",
        "can you look at the repo and tell me if it's worth adopting?",
        "why did we choose redis for the queue?",
        "Give me a summary of the open pull requests",
        "how many endpoints need auth?",
        "I want to understand how rendering is scheduled",
        "check if our license allows bundling this font",
        "Look into alternatives to celery",
        "who wrote the parser and when was it last changed?",
        "is the retry code thread safe?",
        "please evaluate whether we should move to pnpm",
        "how does the deploy script pick the region?",
        "What would break if I removed the legacy module?",
        "can you give me a rundown of the auth flow",
        "list the todos in this repo",
        "Find usages of parseDate",
        "are there any n+1 queries?",
        "explain line 40 of main.go",
        "I'm new here, where should I start reading?",
        "compare our api with the one in the spec",
        "Is it worth moving to esbuild?",
        "please review my approach before I start coding",
        "what changed between v1 and v2?",
        "tell me which tests cover the billing code",
        "what are my options for storing blobs?",
        "show me how the router picks a handler",
        "Can you look into how feature flags are evaluated?",
        "summarize this file",
        "do we still use moment.js anywhere?",
        "any idea how long the migration would take?",
        "go over the design doc and poke holes in it",
        "trace the call path from the button to the database",
        "which of these two schemas is better?",
        "I'd like a second opinion on the locking strategy",
        "how can I see the generated sql?",
        "Has anyone looked at the cache, and does it expire?",
        "Was the parser ever benchmarked? Explain where.",
        "How does the cache work? Look at the docs first.",
        "Look at the docs first and tell me how the cache works.",
        "First look at the repo, then summarize it.",
        "Is it used anywhere?",
        "I need a second opinion on the schema",
        "Does it still get everything?",
        "hey, is this covered by a test?",
        "Look at the parser first",
        "Look for the slow query, don't fix it, explain it",
        "Read the importer. Do not touch the code.",
        "Write a report on how errors are handled; explain how. Do not modify any files.",
    ],
    "feature-build": [
        "add a prefix option",
        "glossary page",
        "tissue paper shop",
        "write an environment page",
        "improve retrieval",
        "Add error handling to the uploader",
        "write a report module",
        "add tests",
        "add tests for the error cases of the parser",
        "implement dark mode",
        "Implement the plan in docs/plan.md",
        "create a landing page for a coffee shop",
        "rename the Save button to Keep",
        "refactor the settings loader into smaller functions",
        "make the header sticky",
        "Add a deploy button to the project page",
        "add a --fix flag to the linter",
        "build a todo app with react and vite",
        "I want users to be able to export their list as csv",
        "Can you add pagination to the orders table?",
        "let's support yaml besides toml",
        "use the new icons everywhere",
        "update the copyright year",
        "a page where people can report issues",
        "Add an issue template and a bug report form",
        "add debug logging to the importer",
        "Write a train timetable widget",
        "bump lodash to the latest version and adapt the calls",
        "füge eine Suche zur Tabelle hinzu",
        "Übersetze die Oberfläche ins Deutsche",
        "Schreib bitte Tests für den Kalender",
        "continue",
        "ok, commit and push",
        "Explore the code and then implement undo for the editor",
        "read docs/spec.md and implement section 3",
        "Research how others do it, then build the importer",
        "Convert the class components to hooks",
        "remove the old onboarding flow",
        "Add a review step to the checkout form",
        "The user should see an error message when the password is too short. Implement it.",
        "add a cloud icon to the weather card",
        "create a model for invoices with a status field",
        "add an accuracy field to the gps reading",
        "Add a test accuracy badge",
        "Extend the search: \"Deployment failed\" should be a filter, too",
        "implement src/deploy/fix_error.py according to the comments in it",
        "add a loss column next to profit in the table",
        "write the release notes page",
        "Develop a command that explains a finding",
        "show the investigation status in the list",
        "add `terraform` to the list of known words",
        "Write docs for the credentials form",
        "prefixes, suffixes and infixes: support all three in the tokenizer",
        "generate a comparison table component",
        "design a fixture loader for the storybook",
        "日付の形式を変更してください",
        "добавь кнопку выхода",
        "Traiter les prix en euros partout",
        "make it possible to drag tasks between columns",
        "new endpoint for exporting invoices as pdf",
        "Allow users to change their email",
        "we need a settings page with a theme switch",
        "add type hints everywhere",
        "sort the list by name",
        "Split utils.py into modules",
        "write unit tests for money.py",
        "Clean up the code in the renderer",
        "add caching so the list loads faster",
        "put the logo on the left",
        "hook up the new search api in the frontend",
        "I'd like a keyboard shortcut for archive",
        "Create a CLI that converts markdown to html",
        "write a python script that renames photos by date",
        "the sidebar should collapse on small screens",
        "Create a component for file uploads with progress",
        "Let users filter by tag",
        "port the parser to rust",
        "can you make the font bigger",
        "Add validation so that wrong emails are refused",
        "implement retry with backoff for failed requests",
        "add a readme",
        "Turn this script into a package",
        "I need a function which parses ISO durations",
        "do the next task in todo.md",
        "new logo please",
        "show an error when the file is missing",
        "Bring the invoice layout in line with the new brand",
        "add support for multiple currencies",
        "let's start with the database schema, then the endpoints",
        "write a migration that adds a phone column",
        "the dashboard needs a chart of weekly signups",
        "use async io in the fetcher",
        "Make error messages friendlier",
        "change the default page size to 50",
        "create an empty project with vite and tailwind",
        "wire the form to the backend",
        "split this file, it is too long",
        "replace moment with date-fns",
        "generate typescript types from the openapi file",
        "make a snake game",
        "extend the deploy page with a history tab",
        "add a loading spinner while the report is generated",
        "We need gift cards in the checkout. Look at how vouchers are done first.",
        "I want saved filters on the orders page. First read how the search keeps its state.",
        "Customers ask for a weekly digest by mail. Study the newsletter module first.",
        "The importer should accept xlsx, too. Check how csv is read first.",
        "It has to work offline, so keep the last answer on disk.",
        "It was one list, make it two.",
        "The queue keeps jobs in memory. Keep them on disk, it has to survive a reboot.",
        "Write a linter for recipes that names the step in which something is wrong.",
        "Write a watcher that tells when a job fails.",
        "Make the command exit with 1 when a check fails.",
        "Create a panel that shows which uploads failed.",
        "We need a page on which a shop sees what failed last night.",
        "Show a banner if the connection is broken.",
        "Upgrade the router to the newest version and fix what breaks.",
        "Rename the column and fix the tests.",
        "Bump the linter, then fix the type errors.",
        "Update all dependencies and fix failing tests",
        "Replace the date library. Fix what breaks.",
        "Write a script that finds links that are broken",
        "Create a report that lists the rows where the total is wrong",
        "Merge main into my branch and fix whatever breaks",
        "Convert the tests to vitest and fix what fails",
        "Make the header sticky. Don't touch the footer.",
        "Rename the prop everywhere without changing behaviour, don't edit the changelog",
        "Write a parser for gpx (see data/) that streams, and prints the line on which something is wrong.",
    ],
}  # fmt: skip
"""Prompts in the manner of developers, by the type they should have."""


def type_of(prompt: str) -> str | None:
    match = classify_task(prompt)
    return None if match is None else match.task_type


@pytest.mark.parametrize(("prompt", "expected"), [(text, kind) for kind, texts in PROMPTS.items() for text in texts])
def test_type_of_a_prompt(prompt: str, expected: str) -> None:
    assert type_of(prompt) == expected


def test_every_type_has_its_share_of_the_table() -> None:
    assert set(PROMPTS) == set(task_type.TASK_TYPES)
    assert min(len(texts) for texts in PROMPTS.values()) >= 30


# ------------------------------------------------------------------------------------------------- what is the task


@pytest.mark.parametrize(
    "wrapper",
    [
        "<system-reminder>\nFix the failing deployment.\n</system-reminder>\n",
        "<local-command-caveat>Caveat: the messages below were made by a command</local-command-caveat>",
        "<command-message>fix</command-message>\n<command-name>/fix</command-name>\n<command-args>it</command-args>\n",
        "<local-command-stdout>error: broken</local-command-stdout> ",
        "<environment_context>\n  <cwd>/home/ada/deploy</cwd>\n</environment_context>\n\n",
        "<user_instructions>\nNever deploy, review first.\n</user_instructions>\n\n",
        "# AGENTS.md instructions for /home/ada/site\n\n<INSTRUCTIONS>\nAlways fix bugs.\n</INSTRUCTIONS>\n",
        "# Context from my IDE setup:\n\n## Open tabs:\n- fix.md\n\n## My request for Codex:\n",
        "<ide_opened_file>The user opened src/fix.py in the editor</ide_opened_file>\n",
        "<ide_selection>error = crash()</ide_selection>",
        "<task-notification><summary>Agent failed</summary></task-notification>\n",
        "[Image #1] ",
        "[Request interrupted by user]\n",
        "[Image #1][Image #2]\n<system-reminder>Fix it.</system-reminder>",
    ],
)
def test_a_wrapper_is_not_the_task(wrapper: str) -> None:
    assert classify_task(wrapper) is None
    for prompt, kind in [
        ("explain the cache", "research-recon"),
        ("add a menu", "feature-build"),
        ("fix it", "debug-fix"),
    ]:
        assert type_of(wrapper + prompt) == kind


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "  \n\t",
        "<system-reminder>Fix the failing tests." + "x" * MAX_CHARS,
        "/compact",
        "/review fix the header",
        "/team:deploy production\n",
    ],
)
def test_without_a_task_there_is_no_type(prompt: str) -> None:
    assert classify_task(prompt) is None


@pytest.mark.parametrize(
    "prompt",
    [
        "<div>\nfix the layout of this\n</div>",
        "/home/ada/site.py crashes when it starts",
        "<task>Fix the header</task>",
    ],
)
def test_a_tag_or_a_path_of_the_user_belongs_to_the_task(prompt: str) -> None:
    assert type_of(prompt) == "debug-fix"


# ------------------------------------------------------------------------------------------------------ whole words


@pytest.mark.parametrize(
    "text",
    [
        "prefix prefixes suffix fixture fixtures affix",
        "tissue tissues",
        "glossary colossal",
        "errorless terrorise mirror",
        "trainers restrain strain",
        "improve improves improved improvement",
        "previewed reviewer",
        "deployable dockyard",
        "src/fix.py fix_it fixIt ./deploy.sh --fix @deploy deploy.yml error.ts::fail https://deploy.example/fix",
        "`fix` and `deploy --now`",
    ],
)
def test_a_part_of_a_word_or_a_name_in_the_code_is_no_cue(text: str) -> None:
    match = classify_task(text)
    assert match is not None
    assert (match.task_type, match.score, match.words) == ("feature-build", 0, ())


@pytest.mark.parametrize(
    "text", ["fix it", "FIX it", "Fix: it", "(fix) it", "**Fix** it", "- fix it", "1. fix it", "it\nfix"]
)
def test_a_whole_word_is_a_cue_however_it_is_written(text: str) -> None:
    match = classify_task(text)
    assert match is not None
    assert "fix" in match.words
    assert match.task_type == "debug-fix"


def test_apostrophes_and_accents_may_be_written_in_two_ways() -> None:
    assert type_of("the menu doesn’t work") == type_of("the menu doesn't work") == "debug-fix"
    assert type_of("re\u0301pare le menu") == type_of("répare le menu") == "debug-fix"


# ------------------------------------------------------------------------------------------- what weighs how much


def test_the_words_that_decided_are_given_with_their_points() -> None:
    match = classify_task("Please fix the crash, it crashes on start")
    assert match is not None
    # fix: 6 at the head of a clause, the first verb by half more; then the second and third by half and a quarter
    assert (match.task_type, match.words) == ("debug-fix", ("fix", "crash", "crashes"))
    assert match.score == 6 * 1.5 + 4 / 2 + 4 / 4


@pytest.mark.parametrize(
    ("prompt", "score"),
    [
        ("the crash", 4.0),
        ("the crash " * 20, 4.0),  # once, however often it is said
        ("word " * 60 + "crash regression", 4 * 0.5 + 4 * 0.25),
        ("word " * 60 + "crash", 2.0),
        ("word " * 150 + "crash", 1.0),
        ("! " * 990 + "crash", 1.0),
        ("word " * 60 + "crash " + "word " * 60 + "the crash", 2.0),
        ("x" * (MAX_CHARS - 5) + " crash", 0.0),  # what stands behind the limit is not seen
    ],
)
def test_points_by_place(prompt: str, score: float) -> None:
    match = classify_task(prompt)
    assert match is not None
    points = task_type._count_points(read_words(prompt[:MAX_CHARS]))["debug-fix"]
    assert round(task_type._sum_damped(points.values()), 2) == score
    assert match.task_type == ("debug-fix" if score >= task_type.THRESHOLD else "feature-build")


DEPLOY_LOG = "\n".join(
    f"2031-04-05T10:{minute:02}:00Z INFO deploying container {minute} to kubernetes cluster" for minute in range(40)
)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (f"Show the log's times in local time:\n{DEPLOY_LOG}", "feature-build"),
        (f"{DEPLOY_LOG[:1500]}\n\nadd colours to these lines", "feature-build"),
        (f"{DEPLOY_LOG[:1500]}\nexplain what these lines mean", "research-recon"),
        (f"{DEPLOY_LOG[:1500]}\n2031-04-05T11:00:00Z ERROR failed to pull", "debug-fix"),
        (f"```\n{DEPLOY_LOG[:1500]}\n```\nmake the parser read this", "feature-build"),
        ("```yaml\ndeploy: kubernetes\n```\nadd a schema for this file", "feature-build"),
        ('it says "permission denied" when I save', "debug-fix"),
        ('it prints "deploy to kubernetes" in bold, use italics', "feature-build"),
        ("    at open (src/menu.js:10:3)\n    at main (src/app.js:1:1)\nTypeError: x is no function", "debug-fix"),
        ("+ terraform and helm\n$ kubectl apply\nuse these words in the quiz", "feature-build"),
    ],
)
def test_what_is_pasted_is_no_order_but_its_errors_are_seen(prompt: str, expected: str) -> None:
    assert type_of(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("review the parser", "research-recon"),
        ("review the parser and fix it", "debug-fix"),
        ("review the parser and add caching", "feature-build"),
        ("review the parser and add caching, but do not change anything yet", "research-recon"),
        ("explain how we deploy with terraform, kubernetes and helm", "research-recon"),
        ("fix the training loop: the val loss is odd with batch size 8", "debug-fix"),
        ("add kubernetes manifests", "infra-deploy"),
        ("is it possible to add a search field", "feature-build"),
        ("you are implementing task 4: add a search field", "feature-build"),
    ],
)
def test_of_several_orders_the_one_that_changes_something_counts(prompt: str, expected: str) -> None:
    if "kubernetes manifests" in prompt:
        assert type_of("add a manifest") == "feature-build"
    assert type_of(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "points"),
    [
        # a look that prepares is a quarter, whatever the order of the sentences; the same look alone is none
        ("look at the parser", {"research-recon": 7 * 1.5}),
        ("look at the parser first, please", {"research-recon": 7 * 1.5}),
        ("the cart needs a limit. look at the parser first", {"research-recon": 7 / 4}),
        ("look at the parser first. the cart needs a limit", {"research-recon": 7 / 4}),
        # the verb of a question stands before its subject
        ("has it a limit", {"research-recon": 2 * 1.5}),
        ("it has a limit", {}),
        # a fault in what tells of the ordered thing is half, and a whole one elsewhere
        ("add a page that shows the crash", {"feature-build": 3 * 1.5, "debug-fix": 4 / 2}),
        ("add a page, and the crash", {"feature-build": 3 * 1.5, "debug-fix": 4}),
        ("add a page, when I open it there is a crash", {"feature-build": 3 * 1.5, "debug-fix": 4}),
        ("the crash. add a page that shows the crash", {"feature-build": 3 * 1.5, "debug-fix": 4}),
        # to put right is half after another order, unless a fault was told before
        ("rename it and fix it", {"feature-build": 4 * 1.5, "debug-fix": 6 / 2}),
        ("the crash: rename it and fix it", {"feature-build": 4 * 1.5, "debug-fix": 6 + 4 / 2}),
        # what is to be left alone forbids nothing when something was ordered
        ("rename it, don't touch it", {"feature-build": 4 * 1.5}),
        ("rename it, don't touch anything", {"feature-build": 4 * 1.5, "research-recon": 5}),
        ("don't touch it", {"research-recon": 5}),
    ],
)
def test_points_by_what_stands_beside(prompt: str, points: dict[str, float]) -> None:
    counted = task_type._count_points(read_words(prompt))
    assert {kind: task_type._sum_damped(cues.values()) for kind, cues in counted.items() if cues} == points


@pytest.mark.parametrize(
    "prompt",
    [
        "the modal closes itself right after opening",
        "emails get sent twice over",
        "日付がおかしい",
        "сломалась кнопка",
        "sửa lỗi đăng nhập",
    ],
)
def test_a_task_without_a_known_word_is_the_default(prompt: str) -> None:
    match = classify_task(prompt)
    assert match is not None
    assert (match.task_type, match.score < task_type.THRESHOLD) == ("feature-build", True)


@given(st.text(alphabet=st.sampled_from("fix deploy<>/`\"'\n.!?-#[]") | st.characters(), max_size=300))
def test_any_text_has_a_type_or_none_and_the_same_one_twice(text: str) -> None:
    assert classify_task(text) == classify_task(text)
    assert classify_task(text + " " * MAX_CHARS) == classify_task(text)


@pytest.mark.parametrize(
    "part", ["[", "<a", "a.", '"', "`", "a:1", "| ", "at a(", "Fix the deploy. ", "what ", "\n", "'s-"]
)
def test_a_hostile_prompt_takes_no_longer_than_another(part: str) -> None:
    prompt = part * MAX_CHARS
    classify_task(prompt)
    takes_at_most(0.15, lambda: classify_task(prompt))  # usually it is less than one millisecond


# -------------------------------------------------------------------------------------------------------- the table


def test_every_phrase_is_written_as_prompts_are_read() -> None:
    """Else it would never match."""
    phrases = [phrase for cue in bundled_table().cue for phrase in cue.words]
    assert [phrase for phrase in phrases if " ".join(filter(None, read_words(phrase))) != phrase] == []


def test_no_phrase_stands_in_two_rows() -> None:
    phrases = [phrase for cue in bundled_table().cue for phrase in cue.words]
    assert sorted(phrase for phrase in set(phrases) if phrases.count(phrase) > 1) == []


def test_every_row_has_points_or_says_nothing() -> None:
    for cue in bundled_table().cue:
        assert (cue.type == "none") == (cue.weight == cue.lead == 0), cue.words[0]
        assert not cue.forbids_change or cue.type == "research-recon"


# --------------------------------------------------------------------------------------------------------- the page


def test_the_page_shows_words_of_the_table_with_their_points() -> None:
    rows = re.findall(
        r"^\| `([a-z-]+)` \| ([\d.]+|–) \| ([\d.]+|–) \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    known = {phrase: cue for cue in bundled_table().cue for phrase in cue.words}
    assert {row[0] for row in rows} == {*task_type.TASK_TYPES, "none"}
    for kind, weight, lead, words in rows:
        for word in re.findall(r"`([^`]+)`", words):
            cue = known[word]
            assert (cue.type, f"{cue.weight:g}", f"{cue.lead:g}") == (
                kind,
                weight.replace("–", "0"),
                lead.replace("–", "0"),
            ), word


@pytest.mark.parametrize(
    "name", ["MAX_CHARS", "THRESHOLD", "DAMPING", "FIRST_VERB", "CHANGE", "LOOK_FIRST", "BESIDE", "PASTED_ERROR"]
)
def test_the_page_shows_the_numbers_of_the_code(name: str) -> None:
    number = getattr(task_type, name)
    assert f"| `{name}` | {number:,g} |" in PAGE.read_text(encoding="utf-8")
