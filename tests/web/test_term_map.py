"""The map of the terms: a graph without circles, drawn without boxes on boxes, and paths in order."""

import itertools

import numpy as np
import pytest

from imagebook.widgets import term_map

TERMS = term_map.terms()
NEEDS = {slug: list(term["needs"]) for slug, term in TERMS.items()}


def random_needs(rng):
    """Return a random graph without circles, its names in random order."""
    names = [f"t{i}" for i in rng.permutation(rng.integers(1, 12))]
    return {
        name: [other for other in names[:i] if rng.random() < rng.choice([0.1, 0.5])]
        for i, name in enumerate(names)
    }


def test_the_graph_holds_all_terms_and_no_circle():
    """34 terms, each edge to another one of them, and each term with a path that ends."""
    assert len(TERMS) == 34
    for slug, term in TERMS.items():
        assert term["letter"].isupper() and term["english"] and term["korean"]
        assert {*term["needs"], *term["see_also"]} <= set(TERMS) - {slug}
        assert all(reason and not reason.endswith(".") for reason in term["needs"].values())
        path = term_map.learning_path(NEEDS, slug)  # would not return from a circle
        assert path[-1] == slug and len(set(path)) == len(path)
        assert all(path.index(other) < path.index(name) for name in path for other in NEEDS[name])


def test_the_graph_agrees_with_the_books_terms():
    """Terms that have a section are called the same in both files."""
    import csv

    path = term_map._DATA / "terms.tsv"
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            term = TERMS[row["slug"]]
            names = term["letter"], term["english"], term["korean"], ",".join(term["see_also"])
            assert names == (row["letter"], row["english"], row["korean"], row["see_also"])


@pytest.mark.parametrize("plan", [term_map._WIDE, term_map._NARROW])
def test_boxes_stand_below_what_they_need_and_apart(plan):
    """Both drawings: inside of their width, no box on another, no line through a box, needs above."""
    drawing = term_map.layout(NEEDS, **plan)
    width, height = drawing["box"]
    for a, b in itertools.combinations(drawing["at"].values(), 2):
        assert abs(a[0] - b[0]) > width or abs(a[1] - b[1]) > height
    for x, y in drawing["at"].values():
        assert (
            width / 2 <= x <= drawing["width"] - width / 2
            and height / 2 <= y <= drawing["height"] - height / 2
        )
    assert len(drawing["lines"]) == sum(map(len, NEEDS.values()))
    for need, slug, points in drawing["lines"]:
        assert (points[0], points[-1]) == (drawing["at"][need], drawing["at"][slug])
        assert all(above[1] < below[1] for above, below in itertools.pairwise(points))
        for x, y in points[1:-1]:
            assert all(other[1] != y or abs(other[0] - x) > width / 2 for other in drawing["at"].values())


def test_sorting_rows_removes_crossings():
    """The wide drawing has fewer crossings than the terms in the file's order would have."""
    order = term_map.rows(NEEDS, 5)
    links = [(other, slug) for slug in NEEDS for other in NEEDS[slug]]
    row_of = {slug: row for row, slugs in enumerate(order) for slug in slugs}
    links = [link for link in links if row_of[link[1]] - row_of[link[0]] == 1]
    assert term_map.crossings(term_map._sorted(order, links), links) < term_map.crossings(order, links)


def test_the_page_finds_the_same_paths(modules):
    """All 34 terms, and 600 random graphs, some with nothing needed and some with much."""
    rng = np.random.default_rng(0)
    cases = [[NEEDS, slug] for slug in NEEDS]
    for _ in range(600):
        needs = random_needs(rng)
        cases.append([needs, str(rng.choice(list(needs)))])
    wanted = [term_map.learning_path(*case) for case in cases]
    assert modules("term_map", "learningPath", cases) == wanted
    assert {1, 2, 5, 8} <= set(map(len, wanted))


def test_addresses_and_search(modules):
    """Links from the root, from a chapter and from a page in a folder; names found in both languages."""
    cases = [
        ["", "P", "pooling"],
        ["./", "P", "pooling"],
        ["..", "A", "autoencoder"],
        ["../", "A", "autoencoder"],
    ]
    wanted = ["chapters/p.html#pooling", "./chapters/p.html#pooling", *2 * ["../chapters/a.html#autoencoder"]]
    assert modules("term_map", "address", cases) == wanted
    texts = [" POOL", "풀링", "moe", "nothing like it", "(iou)"]
    wanted = [
        ["pooling", "spatial-pooling"],
        ["pooling", "spatial-pooling"],
        ["moe"],
        [],
        ["intersection-over-union"],
    ]
    found = modules("term_map", "matching", [[TERMS, text] for text in texts])
    found[1] = [slug for slug in found[1] if slug != "downsampling"]  # 다운샘플링 ends alike
    assert found == wanted


def node(page, slug):
    """Return a term on the map."""
    return page.locator(f".term_map-node[data-slug={slug}]")


def test_a_term_is_chosen_by_mouse_keys_and_search(figure_page):
    """The path is lit, numbered and listed; hovering shows another one only as long as it lasts."""
    page = figure_page("term_map")
    node(page, "stride").click()
    assert page.evaluate("state('term_map').selected") == "stride"
    page.wait_for_function(
        "() => document.querySelector('.term_map-heading').textContent.includes('Before stride, read 2')"
    )
    assert page.locator(".term_map-steps li").all_inner_texts()[0] == "convolutional filter"
    node(page, "mmit").hover()
    lit = len(term_map.learning_path(NEEDS, "mmit"))
    assert page.locator(".term_map-node.term_map-lit").count() == lit > 10
    page.mouse.move(0, 0)
    assert page.locator(".term_map-node.term_map-lit").count() == 3
    node(page, "landmarks").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("state('term_map').selected") == "landmarks"
    page.keyboard.press("Tab")  # to the next one in its row
    assert page.evaluate("document.activeElement.dataset.slug") == "intersection-over-union"
    page.get_by_label("Find a term").fill("sepCNN")
    page.keyboard.press("Enter")
    assert page.evaluate("state('term_map').selected") == "depthwise-separable-cnn"


def test_only_the_books_sections_are_links(figure_page):
    """In a book, written terms are links, which open when pressed again; elsewhere no term is one."""
    page = figure_page("term_map", viewport={"width": 390, "height": 844})
    page.evaluate("""() => {
        globalThis.show = async (home) => {
            const { state, constructor: Model } = imagebook.models.term_map;
            const model = Object.assign(new Model({ ...state }), { home });
            const el = document.createElement("div");
            document.querySelector("main").replaceChildren(el);
            await imagebook.use("kit/figure").present(imagebook.use("term_map").figure)({ model, el });
        };
        globalThis.opened = [];
        document.addEventListener("click", (event) => {
            const link = event.target.closest("a");
            if (link && !event.defaultPrevented) opened.push(link.getAttribute("href"));
            event.preventDefault();
        });
    }""")
    page.evaluate("show(undefined)")
    assert page.locator(".term_map-node").count() > 30
    assert page.locator("a.term_map-node").count() == 0
    page.evaluate("show('../')")
    links = page.locator("a.term_map-node")
    # All at once: a node that is drawn to the front changes places with the others.
    addresses = links.evaluate_all("nodes => nodes.map((node) => node.getAttribute('href'))")
    wanted = [f"../chapters/{slug[0]}.html#{slug}" for slug in term_map.written()]
    assert sorted(addresses) == sorted(wanted)
    stride = page.locator("a.term_map-node[href$='#stride']")
    stride.click()
    assert page.evaluate("opened") == []
    stride.click()
    page.locator(".term_map-open a").click()
    assert page.evaluate("opened") == 2 * ["../chapters/s.html#stride"]
