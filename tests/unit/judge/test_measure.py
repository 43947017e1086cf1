"""How large the judge's model is, as its server tells."""

from __future__ import annotations

import pytest

from tachograph.judge import JudgeUnavailable
from tachograph.judge.client import measure_model
from tachograph.judge.config import ModelSize
from tests.unit.judge.fake_server import MODEL, models, reply, serving, silent, tags


def test_memory_of_a_loaded_model_and_size_of_its_file():
    with serving() as server:
        server.on("/api/tags", tags(MODEL)).on("/api/ps", reply({"models": [{"name": MODEL, "size": 7}]}))
        assert measure_model(server.config()) == ModelSize(7, 1)


def test_a_name_without_a_tag_is_the_latest():
    with serving() as server:
        server.on("/api/tags", reply({"models": [{"name": "tiny:latest", "size": 3}]})).on("/api/ps", reply({}))
        assert measure_model(server.config(model="tiny")) == ModelSize(None, 3)


def test_the_other_protocol_has_no_sizes():
    with serving() as server:
        server.on("/v1/models", models(MODEL))
        assert measure_model(server.config(protocol="openai")) == ModelSize()


def test_both_questions_together_have_the_probes_time():
    with serving() as server:
        server.on("/api/tags", tags(MODEL)).on("/api/ps", silent())
        with pytest.raises(JudgeUnavailable) as caught:
            measure_model(server.config(probe_timeout=0.3))
        assert caught.value.slug == "timed_out"
