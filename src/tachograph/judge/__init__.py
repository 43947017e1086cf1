"""Asking a model server for an opinion: its address and the one module that talks to it."""

from tachograph.judge.config import JudgeConfig, JudgeUnavailable

__all__ = ["JudgeConfig", "JudgeUnavailable"]
