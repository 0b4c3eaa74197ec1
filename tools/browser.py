"""Where a browser is: for the tests of the website, and for what a browser makes of it."""

import shutil

# No look at hosts outside, no first-run pages; containers have no sandbox and no graphics card.
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --force-color-profile=srgb"
).split()
ADVICE = "needs Chromium: install the package chromium (Debian, Ubuntu: apt-get install chromium)"


def chromium():
    """Return the path of a browser, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
