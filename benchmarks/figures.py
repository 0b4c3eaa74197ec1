"""Print how fast the figures are on a slow machine and what they weigh, as tables.

Usage, after `make book`: .venv/bin/python benchmarks/figures.py

The browser's processor is slowed four times. "appear" is how long after coming into view a figure lives, for
a reader who skims 2,000 pixels a second: the host wakes it two screens ahead. "frame" are the times between
frames while the pointer goes up and down, pressed, over the figure's largest picture, for 60 moves.
Weights are of what is transferred, with gzip -9.
"""

import gzip
import shutil
import sys
from pathlib import Path
from statistics import median

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build/html"
SLOWER = 4
MOVES = 60
sys.path.insert(0, str(ROOT / "extensions"))

# Scrolls down 2,000 pixels a second, and says how long after it came into view a figure was alive.
SKIM = """(name) => new Promise((done) => {
    const slot = document.querySelector(`.ib-slot[data-figure=${name}]`);
    let seen = null;
    const look = (now) => {
        const { top } = slot.getBoundingClientRect();
        if (seen === null && top < innerHeight) seen = now;
        if (seen !== null && slot.dataset.alive) return done(performance.now() - seen);
        if (top > 100) scrollTo({ top: (scrolled += 2 * (now - last)), behavior: "instant" });
        last = now;
        requestAnimationFrame(look);
    };
    let scrolled = Math.max(0, slot.getBoundingClientRect().top - 6 * innerHeight);
    let last = performance.now();
    scrollTo({ top: scrolled, behavior: "instant" });
    requestAnimationFrame(look);
})"""
FRAMES = """() => {
    globalThis.frames = [];
    let last = performance.now();
    const next = (now) => (frames.push(now - last), (last = now), requestAnimationFrame(next));
    requestAnimationFrame(next);
}"""
LARGEST = """(slot) => {
    const area = (element) => {
        const { width, height } = element.getBoundingClientRect();
        return width * height;
    };
    const all = [...slot.querySelectorAll(".ib-body :is(svg, canvas, .ib-pad, input[type=range])")];
    const best = all.sort((a, b) => area(b) - area(a))[0];
    best.scrollIntoView({ block: "center" });
    const { left, top, width, height } = best.getBoundingClientRect();
    return [left, top, width, height];
}"""


def weight(path):
    """Return the size of a file as GitHub Pages sends it, in bytes."""
    return len(gzip.compress(path.read_bytes(), 9))


def measure(browser, name):
    """Return the milliseconds until a figure appears, and the frames' while the pointer drags over it."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto((HTML / "pages/figures.html").as_uri())
    page.wait_for_load_state("networkidle")
    appear = page.evaluate(SKIM, name)
    slot = page.locator(f".ib-slot[data-figure={name}]").first
    left, top, width, height = slot.evaluate(LARGEST)
    page.wait_for_timeout(4000)  # the reader looks; what neighbours paint in pieces is painted
    page.evaluate(FRAMES)
    page.mouse.move(left + width / 2, top + height / 2)
    page.mouse.down()
    page.evaluate("frames.length = 0")
    for step in range(MOVES):
        part = 0.5 + 0.35 * (step % 20 - 10) / 10
        page.mouse.move(left + width * part, top + height * part)
    page.mouse.up()
    frames = page.evaluate("frames.slice(1)")
    page.close()
    return appear, frames


def main():
    """Print both tables."""
    from imagebook.widgets import FIGURES
    from imagebook.widgets import __name__ as package

    static = HTML / "_static/figures"
    shared = weight(static / "figures.js") + weight(static / "kit.js")
    print(
        f"host {weight(static / 'figures.js')} B, kit {weight(static / 'kit.js')} B, together {shared} B; ",
        end="",
    )
    print(f"style sheet of all figures {weight(static / 'figures.css')} B (gzip)\n")
    print(f"{'figure':22}{'appear, ms':>11}{'frame, ms':>11}{'worst, ms':>11}{'code, B':>9}{'assets, B':>11}")
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        for class_name, name in FIGURES.items():
            appear, frames = measure(browser, name)
            figure = getattr(__import__(package, fromlist=[class_name]), class_name)
            assets = sum((static / f"assets/{asset}.js").stat().st_size for asset in figure.assets)
            numbers = f"{appear:11.0f}{median(frames):11.1f}{max(frames):11.1f}"
            print(f"{name:22}{numbers}{weight(static / f'{name}.js'):9}{assets:11}", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
