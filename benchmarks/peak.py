"""A plugin of pytest: keeps a notebook's peak memory, which its kernel knows until it ends. Needs Linux."""

import json
import os
import re
from pathlib import Path


def pytest_runtest_teardown(item):
    """Behind the last cell, write which environment the kernel ran in and its peak to PEAK."""
    if item.name == "guard":
        prefix, status = item.ask("(__import__('sys').prefix, open('/proc/self/status').read())")
        peak = 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])
        content = json.dumps({"prefix": prefix, "peak_bytes": peak})
        Path(os.environ["PEAK"]).write_text(content, encoding="utf-8")
