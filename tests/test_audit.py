"""The audit's arithmetic: which of Lighthouse's audits cost points, which goals are missed, what is stock."""

import json
import re

import pytest
import scripts

audit = scripts.load("benchmarks/audit.py")
stock = scripts.load("benchmarks/audit/stock.py")
our_words = scripts.load("benchmarks/audit/our_words.py")
FOUND = {
    "scores": dict.fromkeys(audit.SCORES, 100),
    **dict.fromkeys((*audit.TIMES, *scripts.load("benchmarks/budget.py").LIMITS), 0),
    "details": {},
    "failing": {},
}


def test_a_page_without_fault_misses_no_goal():
    """All hundreds and all zeros."""
    assert audit.missed(FOUND) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"scores": FOUND["scores"] | {"seo": 99}}, "seo: 99, wanted 100"),
        ({"first_contentful_paint": 1201}, "first_contentful_paint: 1,201 ms, at most 1,200"),
        ({"total_blocking_time": 51}, "total_blocking_time: 51 ms, at most 50"),
        ({"page_bytes": 204_801}, "page_bytes: 204,801, at most 204,800"),
        (
            {"foreign": 2, "details": {"foreign": ["http://a/", "http://b/"]}},
            "foreign: 2, at most 0\n    http://a/\n    http://b/",
        ),
    ],
)
def test_a_missed_goal_is_said(change, sentence):
    """With what was wanted, and with what was found where that is known."""
    assert audit.missed(FOUND | change) == [sentence]


def test_only_what_costs_points_is_listed():
    """Below 1, in a category below 100; in performance also what has no weight but explains the rest."""

    def check(score, mode="binary", **item):
        return {"score": score, "scoreDisplayMode": mode, "details": {"items": [item] if item else []}}

    def category(name, score, **weights):
        references = [{"id": key.replace("_", "-"), "weight": weight} for key, weight in weights.items()]
        return {"id": name, "score": score, "auditRefs": references}

    report = {
        "categories": {
            "performance": category("performance", 0.9, render_blocking=0, speed=10, notes=0),
            "accessibility": category("accessibility", 1, hidden=0),
            "seo": category("seo", 0.9, description=1, optional=0, title=1),
        },
        "audits": {
            "render-blocking": check(0.5, "metricSavings", url="x.css"),
            "speed": check(0.99, "numeric") | {"details": {"items": {"node": "of another kind"}}},
            "notes": check(0, "informative"),
            "hidden": check(0),
            "description": check(0, node={"selector": "head"}),
            "optional": check(0),
            "title": check(1),
        },
    }
    assert audit.failing(report) == {"description": ["head"], "render-blocking": ["x.css"], "speed": []}


def test_results_hold_what_the_page_of_results_shows(tmp_path, monkeypatch):
    """Numbers and names, without the details."""
    path = tmp_path / "audit.json"
    monkeypatch.setattr(audit, "RESULTS", path)
    found = dict.fromkeys(audit.KEPT, 0) | {"failing": {"speed": ["x"]}, "details": {"console": ["y"]}}
    audit.keep([{"page": "a", "ours": found}], {"cores": 3}, 2)
    kept = json.loads(path.read_text())
    assert (kept["machine"], kept["runs"]) == ({"cores": 3}, 2)
    assert kept["rows"] == [{"page": "a", "ours": dict.fromkeys(audit.KEPT, 0) | {"failing": ["speed"]}}]


def test_the_stock_book_gets_our_words_and_nothing_else():
    """No extension of ours but the one that lets it read; it passes on words and their settings only."""
    settings = stock.configuration()["sphinx"]
    assert set(settings["local_extensions"]) == {"our_words"}
    assert set(settings["config"]) == {"bibtex_reference_style"}

    class Sphinx:
        def __init__(self):
            self.calls = []

        def __getattr__(self, name):
            return lambda *args, **options: self.calls.append(name)

    sphinx = Sphinx()
    our_words.setup(sphinx)
    assert set(sphinx.calls) == {"add_directive", "add_role", "add_node", "add_config_value"}


def test_lighthouse_is_pinned_and_its_lock_names_no_registry(root):
    """Exact versions with their hashes, no addresses; npm takes the registry that the machine is set to."""
    folder = root / "benchmarks/audit"
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    lock = json.loads((folder / "package-lock.json").read_text())["packages"]
    assert lock.pop("")["dependencies"] == wanted
    for name, version in wanted.items():
        assert lock[f"node_modules/{name}"]["version"] == version
    assert all("integrity" in package and "resolved" not in package for package in lock.values())
    assert not any(package.get("hasInstallScript") for package in lock.values())
    lines = (folder / "requirements.txt").read_text().splitlines()
    assert all(re.fullmatch(r"#.*|[\w-]+==[\d.]+", line) for line in lines)
