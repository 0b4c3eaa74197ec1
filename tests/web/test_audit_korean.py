"""Every page of the Korean edition keeps within its budget, as test_audit.py asks of the English one."""

import pytest
import scripts

budget = scripts.load("benchmarks/budget.py")
serve = scripts.load("benchmarks/serve.py")


@pytest.fixture(scope="module")
def address(site):
    """Return the address of the book, sent as GitHub Pages sends it."""
    with serve.served(scripts.ROOT / "_build/html") as address:
        yield address


@pytest.mark.parametrize("page", [*scripts.load("tools/book.py").pages(), "search", "404"])
def test_a_korean_page_keeps_its_budget(browser, address, page):
    """Weight, requests, hosts, layout shifts, axe-core, pictures, the console, under a strict policy."""
    broken = budget.beyond(budget.visit(browser, address, f"ko/{page}"))
    assert not broken, "\n".join(["what is beyond the limits:", *broken])
