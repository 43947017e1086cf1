"""``tacho ml publish`` and ``tacho ml pull``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tachograph.app.workspace import Workspace
from tachograph.cli._options import json_option
from tachograph.cli._output import print_document, print_json
from tachograph.report.document import Block, Document, Line

if TYPE_CHECKING:
    from tachograph.app.ml.offers import Registry
    from tachograph.app.ml.registry import PublishReport, PulledModel, PullReport

_SHOWN = 12
"""Digits of a version that is a hash."""
_registry_option = click.option(
    "--registry",
    metavar="URI",
    required=True,
    help="A folder, the address of a folder on a web server, or what MLflow takes as a tracking URI.",
)
_alias_option = click.option(
    "--alias", metavar="NAME", default="champion", show_default=True, help="The name under which all find it."
)


@click.command("publish")
@click.argument("name", metavar="NAME")
@_registry_option
@_alias_option
@json_option
def publish_command(name: str, registry: str, alias: str, as_json: bool) -> None:
    """Publish a model for other machines: they pull what the alias means.

    NAME is one of tacho ml status, or a model's folder. As champion only a model that beats the baseline is taken. An
    MLflow registry needs: pip install 'tachograph[mlflow]'.
    """
    from tachograph.app.ml.registry import publish

    report = publish(Workspace(), name, registry, alias, open_mlflow=_open_mlflow)
    print_json("ml_publish", report) if as_json else print_document(_describe_published(report))


@click.command("pull")
@_registry_option
@_alias_option
@click.option("--activate", is_flag=True, help="Put what was pulled to use.")
@json_option
def pull_command(registry: str, alias: str, activate: bool, as_json: bool) -> None:
    """Fetch the models that an alias means, and check them before they are kept.

    They are numbers in JSON files whose hashes the registry names; #sha256=… behind its address admits one model alone.
    """
    from tachograph.app.ml.registry import pull

    report = pull(Workspace(), registry, alias, open_mlflow=_open_mlflow, activate=activate)
    print_json("ml_pull", report) if as_json else print_document(_describe_pulled(report))


def _open_mlflow(uri: str) -> Registry:
    from tachograph.mlflow.models import MlflowRegistry

    return MlflowRegistry(uri)


def _describe_published(report: PublishReport) -> Document:
    from tachograph.cli._ml import MADE_UP

    where = f"{report.registry}, version {report.version[:_SHOWN]}"
    made_up = [Line(MADE_UP, "warn")] if report.made_up else []
    if report.before == report.version:
        return Document([Line(f"{report.target}: {report.alias} is {report.name} already ({where})."), *made_up])
    before = f"; before: version {report.before[:_SHOWN]}" if report.before else ""
    lines: list[Block] = [
        Line(f"{report.target}: {report.alias} is {report.name} now ({where}){before}."),
        *made_up,
        Line(f"#sha256={report.sha256} behind the registry's address pins it.", "dim"),
    ]
    return Document(lines)


def _describe_pulled(report: PullReport) -> Document:
    return Document([line for one in report.models for line in _pulled_lines(one)])


def _pulled_lines(one: PulledModel) -> list[Block]:
    from tachograph.cli._ml import MADE_UP

    came = "was there already" if one.outcome == "unchanged" else "is here now"
    use = "in use" if one.in_use else f"tacho ml activate {one.name} puts it to use"
    lines: list[Block] = [Line(f"{one.target}: {one.name} (version {one.version[:_SHOWN]}) {came}; {use}.")]
    if one.better:
        lines.append(Line(f"It does not beat the baseline: {one.better}.", "warn", indent=2))
    if one.made_up:
        lines.append(Line(MADE_UP, "warn", indent=2))
    return lines
