"""Image models from A to T: the library behind the book, one module per idea."""

import sys

from imagebook import _language

__version__ = "0.1.0"

if "IPython" in sys.modules:
    _language.explain_errors(sys.modules["IPython"].get_ipython())
