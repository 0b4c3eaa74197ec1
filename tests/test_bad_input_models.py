"""Bad input to models and layers: the tests of bad_input.py for the table model_calls.py."""

import runpy
from pathlib import Path

TABLE = 1
globals().update(runpy.run_path(str(Path(__file__).with_name("bad_input.py"))))
