"""Whose model it is, by its name."""

from __future__ import annotations


def provider_of(model: str, default: str) -> str:
    """Whose price list a model is on; ``default`` when the name does not tell."""
    if "claude" in model:
        return "anthropic"
    if model.startswith(("gpt-", "o1", "o3", "o4", "codex-", "chatgpt-")):
        return "openai"
    return "google" if model.startswith("gemini-") else default
