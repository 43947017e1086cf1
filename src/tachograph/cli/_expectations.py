"""What a file asks, as a document."""

from __future__ import annotations

from tachograph.app.expect.explain import ExplainedCase, ExplainedFile
from tachograph.report.document import Block, Document, Facts, Heading, Line

_FORMS = {"expectations": "expectations", "manifest": "manifest", "ground_truth": "ground truth"}
_SCOPES = {"tree": "the session and its subagents", "session": "the session alone, subagents left out"}
_PROMPT_CHARS = 200


def describe_expectations(explained: ExplainedFile) -> Document:
    """Per case a list of what is asked; what is skipped; what is not ours."""
    blocks: list[Block] = [Heading(explained.file, _remark(explained))]
    if explained.description:
        blocks.append(Line(explained.description, "dim"))
    for case in explained.cases:
        if case.id is not None:
            blocks.append(Heading(case.id, f"line {case.line}"))
        blocks.append(Facts(_facts(case)))
    if explained.not_ours:
        blocks += [Line(), Line(f"Not ours, left alone: {', '.join(explained.not_ours)}", "dim")]
    return Document(blocks)


def describe_case(case: ExplainedCase) -> list[Block]:
    """What one case asks, without a heading."""
    return [Facts(_facts(case))]


def _remark(explained: ExplainedFile) -> str:
    cases = [case for case in explained.cases if case.id is not None]
    counted = f", {len(cases):,} case{'s' if len(cases) != 1 else ''}" if cases else ""
    return f"{_FORMS[explained.form]}{counted}"


def _facts(case: ExplainedCase) -> list[tuple[str, str]]:
    named = {"session": case.session, "MLflow run": case.mlflow_run, "MLflow trace": case.mlflow_trace}
    facts = [(name, value) for name, value in named.items() if value]
    if case.prompt:
        cut = case.prompt[:_PROMPT_CHARS] + ("…" if len(case.prompt) > _PROMPT_CHARS else "")
        facts.append(("prompt", cut))
    facts.append(("scope", _SCOPES[case.scope]))
    facts += [(one.key, f"{one.asks}: {one.value}") for one in case.asked]
    facts += [(key, "skipped: nothing is expected") for key in case.skipped]
    facts += [(key, "not checked: the scorers that are named do not include it") for key in case.not_chosen]
    return facts if case.asked or case.skipped else [*facts, ("", "Nothing is asked.")]
