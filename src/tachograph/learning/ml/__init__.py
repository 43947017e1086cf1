"""Models that learn from outcomes: gradient-boosted trees, explained feature by feature.

Numbers come in as :class:`~tachograph.learning.ml.table.Table` and models go out as bytes: no file is touched here.
Of these modules only ``booster`` knows the library of trees; numpy is known to this package alone.
"""
