"""``python -m tachograph`` is ``tacho``."""

from tachograph.cli import main

main()
