"""What is usual: mean, spread and quantiles of each KPI in each group of sessions, kept up session by session."""

from tachograph.learning.baselines.baseline import Baseline, BaselineTable, Deviation, Status
from tachograph.learning.baselines.deviation import judge_value
from tachograph.learning.baselines.ema import BOOTSTRAP, Ema, Trend
from tachograph.learning.baselines.sketch import Sketch, merge
from tachograph.learning.baselines.track import Track, describe

__all__ = [
    "BOOTSTRAP",
    "Baseline",
    "BaselineTable",
    "Deviation",
    "Ema",
    "Sketch",
    "Status",
    "Track",
    "Trend",
    "describe",
    "judge_value",
    "merge",
]
