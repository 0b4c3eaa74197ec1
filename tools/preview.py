"""Write a page with some figures, without building the book: for work on a figure.

Usage: python tools/preview.py iou convolution_stepper … [--open FOLDER]; prints the page's address.
"""

import argparse
import json
import sys
from pathlib import Path

from imagebook import widgets

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "extensions"))
import figures  # noqa: E402


def main():
    """Write the page."""
    names = {module: name for name, module in widgets.FIGURES.items()}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figure", nargs="*", metavar="figure", help="a module; all if none is named")
    parser.add_argument("--folder", type=Path, default=ROOT / "_build/preview")
    options = parser.parse_args()
    if unknown := set(options.figure) - set(names):
        parser.error(f"there is no figure {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    static = options.folder / "_static/figures"
    for part in ("assets", "kit"):
        (static / part).mkdir(parents=True, exist_ok=True)
    for name, text in figures.scripts().items():
        (static / name).write_text(text, encoding="utf-8")
    states, slots = {}, []
    for module in options.figure or names:
        figure = getattr(widgets, names[module])()
        state = figure.get_state()
        states[module] = {key: value for key, value in state.items() if key not in figures.NOT_ON_THE_PAGE}
        anchor = f"figure-{module.replace('_', '-')}"
        scripts = " ".join(["kit", *figures.own_modules(module)])
        slots.append(
            f'<div class="ib-slot" id="{anchor}" data-figure="{module}" data-model="{module}" '
            f'data-scripts="{scripts}"><div class="ib-first"></div></div>'
        )
    content = json.dumps(states).replace("<", "\\u003c")
    page = f"""<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Figures</title>
<script defer src="_static/figures/figures.js"></script>
<script>
const dark = matchMedia("(prefers-color-scheme: dark)").matches;
document.documentElement.dataset.theme = dark ? "dark" : "light";
</script>
<style>
html[data-theme=dark] {{ background: #111 }}
body {{ max-width: 43rem; margin: 1rem auto; padding: 0 1rem; font-family: sans-serif }}
</style>
<h1 class="ib-hidden">Figures</h1>
<main>{"".join(slots)}</main><script type="application/json" id="ib-states">{content}</script></html>"""
    path = options.folder / "index.html"
    path.write_text(page, encoding="utf-8")
    print(path.resolve().as_uri())


if __name__ == "__main__":
    main()
