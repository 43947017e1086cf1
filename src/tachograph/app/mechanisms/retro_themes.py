"""What retrospectives in the projects are about."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from tachograph.analysis.intervals import wilson
from tachograph.app.mechanisms._records import Account, share_figure
from tachograph.app.mechanisms._registry import mechanism
from tachograph.app.mechanisms._retro_files import find_retros
from tachograph.app.mechanisms._scene import Scene
from tachograph.app.mechanisms._tables import load_user_themes
from tachograph.report.units import counted

_SHOWN = 5


@mechanism(
    "retro_themes",
    "Themes of retrospectives",
    not_proved=(
        "That a word stands in a retrospective does not say that the thing went wrong; it may say that it went well."
        " Retrospectives are written about what people noticed, and where they have the habit."
    ),
)
def retro_themes(scene: Scene) -> Account:
    """Markdown files in docs/retros, retros and retrospectives of the projects, where these are on this machine, and of
    each the themes of a table whose words stand in it. Read only, regular files of at most 1 MiB, no links, README.md
    and index.md left out; nothing of the texts is kept. Wilson's interval of the share of files."""
    projects = _projects(scene)
    found = find_retros(projects)
    table = load_user_themes()
    files: dict[str, list[str]] = defaultdict(list)
    for retro in found.retros:
        for theme in table.find(retro.text):
            files[theme].append(scene.clean.name(str(retro.path)))
    number = len(found.retros)
    figures = [
        share_figure(
            "theme", theme.name, len(files[theme.name]), number, "retrospectives",
            wilson(len(files[theme.name]), number), about=theme.name,
        )
        for theme in table.themes
    ]  # fmt: skip
    for one in figures:
        one.files = files[one.about][:_SHOWN]
    figures.sort(key=lambda one: (-(one.value or 0.0), one.about))
    if not number:
        return Account(
            [], [f"No retrospectives: of {counted(len(projects), 'project')}, {found.present} are on this machine."]
        )
    those = "1 file that is" if found.left_out == 1 else f"{found.left_out} files that are"
    return Account(figures, [f"Left out: {those} too large or cannot be read."] if found.left_out else [])


def _projects(scene: Scene) -> list[Path]:
    """Folders in which the sessions worked, as the warehouse knows them."""
    where, values = scene.chosen.where("s.started_at")
    rows = scene.connection.execute(
        f"SELECT DISTINCT s.project FROM sessions s WHERE s.project IS NOT NULL AND {where} ORDER BY 1", values
    )
    return [Path(project) for (project,) in rows]
