from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.analysis.model_family import model_family


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("claude-opus-4-5-20251101", "claude-opus"),
        ("claude-opus-4-1", "claude-opus"),
        ("claude-3-opus-20240229", "claude-opus"),
        ("claude-3-5-sonnet-20241022", "claude-sonnet"),
        ("claude-3-5-sonnet-latest", "claude-sonnet"),
        ("claude-sonnet-4-5-20250929[1m]", "claude-sonnet"),
        ("claude-sonnet-4-5@20250929", "claude-sonnet"),
        ("us.anthropic.claude-sonnet-4-5-v1:0", "claude-sonnet"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet"),
        ("us-gov.anthropic.claude-3-haiku-20240307-v1:0", "claude-haiku"),
        ("anthropic/claude-sonnet-4-5@20250929", "claude-sonnet"),
        ("anthropic/claude-3.7-sonnet:thinking", "claude-sonnet"),
        (
            "arn:aws:bedrock:eu-west-1:000000000000:inference-profile/eu.anthropic.claude-haiku-4-5-v1:0",
            "claude-haiku",
        ),
        ("Claude-Haiku-4-5", "claude-haiku"),
        ("claude-instant-1.2", "claude-instant"),
        ("claude-2.1", "claude"),
        ("gpt-5", "gpt"),
        ("gpt-5.2", "gpt"),
        ("gpt-4o", "gpt"),
        ("gpt-4-0613", "gpt"),
        ("gpt-4o-2024-08-06", "gpt"),
        ("gpt-5-mini", "gpt-mini"),
        ("gpt-4o-mini-2024-07-18", "gpt-mini"),
        ("ft:gpt-4o-mini-2024-07-18:made-up::abc123", "gpt-mini"),
        ("gpt-5-nano", "gpt-nano"),
        ("gpt-4-turbo-preview", "gpt-turbo"),
        ("gpt-5-codex", "gpt-codex"),
        ("gpt-5.1-codex-max", "gpt-codex"),
        ("gpt-5.2-codex-xhigh", "gpt-codex"),
        ("gpt-5.1-codex-mini", "gpt-codex-mini"),
        ("codex-mini-latest", "codex-mini"),
        ("o4-mini", "o-mini"),
        ("o3", "o"),
        ("o1-preview", "o"),
        ("gemini-2.5-pro", "gemini-pro"),
        ("models/gemini-2.5-pro-preview-06-05", "gemini-pro"),
        ("gemini-2.5-flash-lite", "gemini-flash-lite"),
        ("qwen3:30b-a3b", "qwen"),
        ("qwen3-coder-480b-a35b-instruct", "qwen-coder"),
        ("qwen-max", "qwen-max"),
        ("deepseek-v3.2-exp", "deepseek"),
        ("accounts/somewhere/models/kimi-k2-instruct", "kimi-k"),
        ("glm-4.6", "glm"),
        ("llama3.2", "llama"),
        ("mistral_large_2411", "mistral-large"),
        ("some new model 7", "some-new-model"),
    ],
)
def test_versions_of_one_line_are_one_family(model: str, family: str) -> None:
    assert model_family(model) == family


@pytest.mark.parametrize("model", ["4.5", "latest", "v1", "70b", "<synthetic>", "//", "@2", "-"])
def test_a_name_that_is_nothing_but_a_version_is_its_own_family(model: str) -> None:
    assert model_family(model) == model


def test_no_name_has_no_family() -> None:
    assert model_family("") == ""


@given(st.text(alphabet=st.sampled_from("claudegpt-_.:@/[]0123456789 ") | st.characters(), min_size=1, max_size=40))
def test_a_family_is_never_empty(model: str) -> None:
    assert model_family(model) != ""


@given(st.sampled_from(["claude-opus", "gpt-codex", "gemini-pro"]), st.dates())
def test_a_date_behind_the_name_changes_nothing(family: str, day: object) -> None:
    assert model_family(f"{family}-{day:%Y%m%d}") == model_family(f"{family}-{day}") == family
