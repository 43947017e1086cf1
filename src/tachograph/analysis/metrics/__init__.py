"""Metrics of one session: one decorated function each, found by themselves."""

from tachograph.analysis.metrics._registry import Metric, load_metrics, measure, metric

__all__ = ["Metric", "load_metrics", "measure", "metric"]
