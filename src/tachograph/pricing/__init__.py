"""What responses cost by list price: offline, dated, in integer picodollars.

Nothing heavy is imported here; :mod:`tachograph.pricing.snapshot` loads the price library when it is first asked.
"""

from tachograph.pricing.book import PriceBook
from tachograph.pricing.overrides import Override, Overrides, read_overrides
from tachograph.pricing.price import price_usage
from tachograph.pricing.snapshot import resolve, snapshot_version

__all__ = ["Override", "Overrides", "PriceBook", "price_usage", "read_overrides", "resolve", "snapshot_version"]
