"""A map of the book's terms: what to know before each, and in which order to read it."""

import csv
import itertools
import textwrap
import tomllib
from functools import cache
from pathlib import Path

import traitlets
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import FancyBboxPatch

from imagebook._language import language, say
from imagebook.plotting import COLORS
from imagebook.widgets._figure import Figure
from imagebook.widgets._traits import Choice

_DATA = Path(__file__).parent.parent / "data"
# Sizes of both drawings, in CSS pixels: how many terms a row holds, and how large their boxes are.
_WIDE = {"most": 5, "width": 650, "box": (112, 40), "gap": 30}
_NARROW = {"most": 3, "width": 322, "box": (92, 38), "gap": 24}
_BEND = 6  # the room that a line takes where it passes a row of boxes


@cache
def terms():
    """Return all terms by their slugs, as data/term-graph.toml has them."""
    with (_DATA / "term-graph.toml").open("rb") as file:
        found = tomllib.load(file)
    del found["paths"]  # reading orders, for the website
    return {slug: {"needs": {}, "label": term["english"], **term} for slug, term in found.items()}


@cache
def written():
    """Return the slugs of the terms that have a section in the book."""
    with (_DATA / "terms.tsv").open(encoding="utf-8", newline="") as file:
        return tuple(term["slug"] for term in csv.DictReader(file, delimiter="\t"))


def learning_path(needs, slug):
    """Return a term and all that it needs, each after what it needs itself, one thread after the other.

    Parameters
    ----------
    needs : dict of str to iterable of str
        What each term leans on directly; no term may need itself by any way.
    slug : str
        The term to arrive at.

    Returns
    -------
    list of str
        The last one is `slug`.

    Examples
    --------
    >>> learning_path({"iron": ["stone", "fire"], "stone": [], "fire": ["wood"], "wood": []}, "iron")
    ['stone', 'wood', 'fire', 'iron']
    """
    found = {}
    for other in needs[slug]:
        found |= dict.fromkeys(learning_path(needs, other))
    return list(found | {slug: None})


def rows(needs, most):
    """Return the terms in rows of at most `most`, each term in a row below all that it needs.

    Terms that much builds on are placed first, each in the highest row that has room (Coffman, Graham 1972).

    Examples
    --------
    >>> rows({"iron": ["stone", "fire"], "stone": [], "fire": ["wood"], "wood": []}, 2)
    [['stone', 'wood'], ['fire'], ['iron']]
    """
    after = {slug: [other for other in needs if slug in needs[other]] for slug in needs}
    height = cache(lambda slug: 1 + max(map(height, after[slug]), default=0))
    result, row_of = [], {}
    # A term's needs come before it: their height is larger.
    for slug in sorted(needs, key=lambda slug: (-height(slug), -len(after[slug]))):
        row = 1 + max((row_of[other] for other in needs[slug]), default=-1)
        while row < len(result) and len(result[row]) == most:
            row += 1
        result += [[] for _ in range(row + 1 - len(result))]
        row_of[slug] = row
        result[row].append(slug)
    return [sorted(row, key=list(needs).index) for row in result]


def layout(needs, *, most, width, box, gap):
    """Return where a drawing of `width` puts the terms' centres and the lines from each need to its term.

    Lines that pass rows get a place in each of them, so that they go around boxes; those from one term share
    it. Rows are sorted by the mean place of their neighbours, up and down in turn, and the order with the
    fewest crossings is kept (Sugiyama et al. 1981).

    Returns
    -------
    dict
        "width", "height", "box"; "at": {slug: (x, y)}; "lines": [(need, slug, points)], the points from the
        centre of one box to that of the other.
    """
    order = rows(needs, most)
    row_of = {slug: row for row, slugs in enumerate(order) for slug in slugs}
    chains = []
    for slug, others in needs.items():
        for other in others:
            passed = [(other, row) for row in range(row_of[other] + 1, row_of[slug])]
            for bend in passed:
                if bend not in order[bend[1]]:
                    order[bend[1]].append(bend)
            chains.append([other, *passed, slug])
    links = dict.fromkeys(link for chain in chains for link in itertools.pairwise(chain))
    order = _sorted(order, list(links))
    (box_width, box_height), step = box, box[1] + gap
    at = {}
    for row, items in enumerate(order):
        sizes = [_BEND if isinstance(item, tuple) else box_width for item in items]
        space = min(40, (width - sum(sizes)) / (len(items) + 1))
        x = (width - sum(sizes) - space * (len(items) - 1)) / 2
        for item, size in zip(items, sizes, strict=True):
            at[item] = (round(x + size / 2, 1), step * row + box_height / 2 + _BEND)
            x += size + space
    return {
        "width": width,
        "height": step * len(order) - gap + 2 * _BEND,
        "box": box,
        "at": {slug: at[slug] for slug in needs},
        "lines": [(chain[0], chain[-1], [at[item] for item in chain]) for chain in chains],
    }


def _sorted(order, links):
    """Return rows in the order with the fewest crossings that a few sweeps find."""
    best = order
    for sweep in range(24):
        order, down = [list(row) for row in order], sweep % 2 == 0
        place = {item: index / len(row) for row in order for index, item in enumerate(row)}
        for row in order if down else order[::-1]:
            near = {item: [] for item in row}
            for above, below in links:
                item, other = (below, above) if down else (above, below)
                if item in near:
                    near[item].append(place[other])
            row.sort(key=lambda item: sum(near[item]) / len(near[item]) if near[item] else place[item])
            place |= {item: index / len(row) for index, item in enumerate(row)}
        best = min(best, order, key=lambda order: crossings(order, links))
    return best


def crossings(order, links):
    """Return how many pairs of links between neighbouring rows cross.

    Examples
    --------
    >>> crossings([["a", "b"], ["c", "d"]], [("a", "d"), ("b", "c")])
    1
    """
    place = {item: (row, index) for row, items in enumerate(order) for index, item in enumerate(items)}
    spots = [(*place[above], place[below][1]) for above, below in links]
    return sum(
        first[0] == second[0] and (first[1] - second[1]) * (first[2] - second[2]) < 0
        for first, second in itertools.combinations(spots, 2)
    )


@cache
def _graph():
    """Return what the page draws: the terms with their names broken into lines, and both layouts."""
    needs = {slug: list(term["needs"]) for slug, term in terms().items()}
    return {
        "terms": {slug: _spoken(term) for slug, term in terms().items()},
        "wide": layout(needs, **_WIDE),
        "narrow": layout(needs, **_NARROW),
    }


def _spoken(term):
    """Return a term in the reader's language: its `name`, its `other` name and that one's language."""
    names, languages = (term["english"], term["korean"]), ("en", "ko")
    own = language() == "ko"
    label = say(term["label"]).partition("(")[0].strip() if own else term["label"]
    # Letters of Hangul are as wide as two others.
    lines = textwrap.wrap(label, 15 if label.isascii() else 8, break_on_hyphens=False)
    needs = {slug: say(reason) for slug, reason in term["needs"].items()}
    named = {"name": names[own], "other": names[not own], "other_language": languages[not own]}
    return {**term, **named, "label": label, "lines": lines, "needs": needs}


class TermMap(Figure):
    """The book's terms, each below what to know before it; the chosen one's path of learning is lit.

    Parameters
    ----------
    selected : str
        A term's slug, such as "pooling".

    Attributes
    ----------
    output : list of str
        What to read, in this order, to arrive at the selected term, which is the last one.

    Examples
    --------
    >>> TermMap(selected="stride").output
    ['convolutional-filter', 'convolutional-operation', 'stride']
    """

    title = "Map of the terms"
    help = (
        "Press a term to see what to read before it, in order; press it again to open its section. "
        "With keys: Tab and Enter."
    )
    strip = {
        "the way to pooling": {"selected": "pooling"},
        "the way to intersection over union": {"selected": "intersection-over-union"},
        "the way to a convolutional neural network": {"selected": "convolutional-neural-network"},
    }

    selected = Choice("pooling", terms())
    _graph = traitlets.Dict().tag(sync=True)
    _linked = traitlets.List().tag(sync=True)

    def __init__(self, **state):
        super().__init__(**state)
        self._graph, self._linked = _graph(), list(written())

    @property
    def output(self):
        """The path of learning."""
        return learning_path({slug: term["needs"] for slug, term in terms().items()}, self.selected)

    def picture(self):
        """Return the map with the numbers of the path."""
        plan = _graph()["wide"]
        drawing = Drawing(figsize=(plan["width"] / 90, plan["height"] / 90))
        axes = drawing.add_axes((0, 0, 1, 1), xlim=(0, plan["width"]), ylim=(plan["height"], 0))
        axes.set_axis_off()
        number = {slug: place for place, slug in enumerate(self.output, start=1)}
        for _need, slug, points in plan["lines"]:
            lit = slug in number
            axes.plot(*zip(*points, strict=True), color=COLORS[0] if lit else "#BBBBBB", zorder=1 + lit)
        width, height = plan["box"]
        for slug, (x, y) in plan["at"].items():
            color = COLORS[0] if slug in number else "#777777"
            corner = (x - width / 2 + 4, y - height / 2 + 4)
            style = "round,pad=4"
            patch = FancyBboxPatch(
                corner, width - 8, height - 8, boxstyle=style, facecolor="white", edgecolor=color
            )
            axes.add_patch(patch).set_zorder(3)
            text = "\n".join(_graph()["terms"][slug]["lines"])
            text = f"{number[slug]}. {text}" if slug in number else text
            axes.text(x, y, text, ha="center", va="center", fontsize=7.5, color="black", zorder=4)
        return drawing

    def words(self):
        """Return the path as a sentence."""
        *before, last = (_graph()["terms"][slug]["name"] for slug in self.output)
        path = f"read in this order: {', '.join(before)}" if before else "nothing needs to be read"
        return f"All terms of the book in rows, each below what it needs. Before {last}, {path}."
