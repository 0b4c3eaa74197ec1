"""What the measurements were made on: enough to judge them, nothing that names the machine."""

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np


def description():
    """Return processor, cores, date and versions."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    peers = {"PyTorch": "torch", "OpenCV": "opencv-python-headless", "SciPy": "scipy"}
    peers["scikit-image"] = "scikit-image"
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{blas['name']} {blas['version']}",
        "peers": {name: version(package) for name, package in peers.items()},
        "date": datetime.now(UTC).date().isoformat(),
    }


def processor():
    """Return the processor's model."""
    try:
        return re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())[1]
    except (OSError, TypeError):
        return platform.processor() or platform.machine()
