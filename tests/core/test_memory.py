"""What is said of this process's memory."""

from __future__ import annotations

import numpy as np
import psutil

from fcn_studio.core.memory import peak_memory


def test_the_peak_stays_when_memory_is_given_back() -> None:
    values = np.ones(20_000_000)  # 160 MB, all of it touched
    held = psutil.Process().memory_info().rss
    del values
    # The kernel counts pages in batches of its own, so that both figures may be a little behind.
    assert held - 4_000_000 <= peak_memory() < psutil.virtual_memory().total
