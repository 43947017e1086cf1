"""Sessions to be judged, and a judge that says what it was told to say."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from tachograph.app.calibrate import CalibrationReport, Targets, calibrate, find_targets
from tachograph.app.history import load_history
from tachograph.app.ingest import ingest
from tachograph.app.judging import stored_score
from tachograph.app.workspace import Workspace
from tachograph.judge import JudgeConfig, JudgeUnavailable
from tachograph.settings import Settings
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome

FIVE = ("MUCH_WORSE", "WORSE", "SIMILAR", "BETTER", "MUCH_BETTER")


class Bench:
    """Six ingested sessions, and a judge that says what ``said`` has for each (model, number of the session).

    Asked for scores, it answers with what ``scored`` has.
    """

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = home
        self.claude = ClaudeHome(home / ".claude")
        self.codex = CodexHome(home / ".codex")
        self.said: dict[tuple[str, str], str | Exception] = {}
        self.scored: dict[tuple[str, str], str | BaseException] = {}
        self.asked: list[tuple[str, str]] = []
        self.down: JudgeUnavailable | None = None
        self.ids: list[str] = []
        for number in range(5):
            log = self.claude.project().session(f"2026-05-{11 + number}T09:00:00Z")
            log.prompt(f"Task {number}.").response(output=100)
            self.ids.append(f"claude_code:{log.session_id}")
        thread = self.codex.session("2026-05-20T09:00:00Z")
        thread.turn().prompt("Task 5.").tokens(output=50).complete()
        self.logs = list(self.claude.logs)
        self.claude.write()
        self.codex.write()
        self.workspace = Workspace(home / "tachograph", Settings())
        ingest(self.workspace)
        self.ids.append(self._codex_id())
        monkeypatch.setattr("tachograph.judge.client.ask", self._ask)
        monkeypatch.setattr("tachograph.judge.client.probe", self._probe)

    def _codex_id(self) -> str:
        with closing(open_reader(self.workspace.folder)) as connection:
            return connection.execute("SELECT id FROM sessions WHERE agent = 'codex'").fetchone()[0]

    def _probe(self, config: JudgeConfig) -> None:
        if self.down:
            raise self.down

    def _ask(self, config: JudgeConfig, system: str, user: str, schema: dict) -> str:
        number = user.partition("Task ")[2][0]  # the prompt of session N is "Task N."
        self.asked.append((config.model, number))
        if "relevance" in schema["properties"]:
            scores = self.scored[config.model, number]
            if isinstance(scores, BaseException):
                raise scores
            return scores
        answer = self.said[config.model, number]
        if isinstance(answer, Exception):
            raise answer
        return json.dumps({"verdict": answer, "confidence": 0.5, "reasoning": "Turn 1.", "waste_categories": []})

    def says(self, model: str, steps: str) -> None:
        """``"04"``: MUCH_WORSE of the first session, MUCH_BETTER of the second."""
        self.said.update({(model, str(number)): FIVE[int(step)] for number, step in enumerate(steps)})

    def scores(self, model: str, number: int, *scores: float | None) -> None:
        """Relevance, faithfulness, coherence and hallucination of a session; none: a half each."""
        names = ("relevance", "faithfulness", "coherence", "hallucination")
        answer = dict(zip(names, scores or (0.5,) * 4, strict=True))
        self.scored[model, str(number)] = json.dumps({"reasoning": "Turn 1.", **answer})

    def labels(self, steps: str) -> Path:
        """A file of labels on the first sessions; ``-`` leaves the verdict out."""
        rows = [
            {"session": self.ids[number], **({} if step == "-" else {"verdict": FIVE[int(step)]})}
            for number, step in enumerate(steps)
        ]
        return self.file("\n".join(map(json.dumps, rows)))

    def file(self, text: str) -> Path:
        """A file of labels."""
        path = self.home / "labels"
        path.write_text(text, encoding="utf-8")
        return path

    def find(self, file: Path, need_labels: bool = True) -> Targets:
        """The sessions of a file."""
        with closing(open_reader(self.workspace.folder)) as connection:
            return find_targets(connection, file, need_labels=need_labels)

    def run(self, steps: str, *models: str, **options) -> CalibrationReport:
        """Calibrate with labels on the first sessions."""
        configs = [JudgeConfig(model=model) for model in models or ("judge",)]
        return calibrate(self.workspace, self.find(self.labels(steps), len(configs) == 1), configs, **options)

    def quoted(self, model: str = "judge") -> str:
        """What a verdict of the model says of its worth."""
        with closing(open_reader(self.workspace.folder)) as connection:
            session = load_history(connection, self.ids[0])
            assert session is not None
            return stored_score(connection, session.session, JudgeConfig(model=model)).domain_of_validity


@pytest.fixture
def bench(home: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(home, monkeypatch)
