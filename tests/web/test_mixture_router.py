"""The mixture of experts on the page routes and answers as the library does, for every number of experts."""

import json

import numpy as np
import pytest

from imagebook import mixture, mnist, pretrained
from imagebook.layers import Flatten
from imagebook.mixture import MixtureOfExperts
from imagebook.models import Sequential
from imagebook.softmax import softmax
from imagebook.widgets import MixtureRouter, _assets


@pytest.fixture(scope="module")
def library():
    """Return a function that builds the pretrained classifier in float64 with another number of experts."""

    def build(top_k):
        rng = np.random.default_rng(0)
        sizes = {"n_experts": 8, "hidden": 16, "top_k": top_k}
        model = Sequential([Flatten(), MixtureOfExperts(784, 10, **sizes, rng=rng, dtype=np.float64)])
        model.load(pretrained.weights_file("mixture_of_experts"))
        return model

    return build


def test_the_page_routes_as_the_library_does(modules, library):
    """560 images, 70 for each number of experts: digits, scribbles, an empty sheet and a full one."""
    rng = np.random.default_rng(0)
    digits = mnist.load("test")[0][: 8 * 50] / 255
    scribbles = rng.random((8 * 18, 28, 28)) * (rng.random((8 * 18, 28, 28)) < 0.2)
    plain = np.concatenate([np.zeros((8, 28, 28)), np.ones((8, 28, 28))])
    groups = [digits.reshape(8, 50, 28, 28), scribbles.reshape(8, 18, 28, 28), plain.reshape(2, 8, 28, 28)]
    groups[2] = groups[2].swapaxes(0, 1)
    images = np.concatenate(groups, axis=1)  # for each k: 70 images
    arrays = _assets.asset("mixture_of_experts").items()
    weights = json.dumps({name: {"data": array.astype(float).ravel().tolist()} for name, array in arrays})
    cases = [[None, json.dumps(image.ravel().tolist()), k + 1] for k in range(8) for image in images[k]]
    cases[0][0] = weights
    convert = """(weights, pixels, k) =>
        [globalThis.experts = weights ? JSON.parse(weights) : globalThis.experts, JSON.parse(pixels), k]"""
    found = modules("mixture_router", "route", cases, convert=convert)
    for k in range(1, 9):
        model = library(k)
        ours, found = found[:70], found[70:]
        pictures = images[k - 1].reshape(70, 784)
        probabilities, chosen = model.layers[1].routing(pictures)
        np.testing.assert_allclose([each["gate"] for each in ours], probabilities, rtol=1e-5)
        np.testing.assert_array_equal([each["chosen"] for each in ours], chosen)
        wanted = model.predict(pictures[..., np.newaxis].reshape(70, 28, 28, 1))
        np.testing.assert_allclose([each["logits"] for each in ours], wanted, rtol=1e-5, atol=1e-9)
        taken = np.take_along_axis(probabilities, chosen, axis=1)
        shares = taken / (taken.sum(axis=1, keepdims=True) if k > 1 else 1)
        weights = np.take_along_axis(np.array([each["weights"] for each in ours]), chosen, axis=1)
        np.testing.assert_allclose(weights, shares, rtol=1e-5)
        for picture, row, each in zip(pictures, chosen, ours, strict=True):
            for expert, answer in enumerate(each["answers"]):
                assert (answer is not None) == (expert in row)
                if answer is not None:
                    alone = model.layers[1].experts[expert].predict(picture[np.newaxis])[0]
                    np.testing.assert_allclose(answer, alone, rtol=1e-5, atol=1e-9)
    assert not found


def test_the_table_is_the_library_s():
    """With two experts: the library's counts of the test digits, divided by how many there are of each."""
    images, labels = mnist.load("test")
    model = pretrained.load("mixture_of_experts")
    _, chosen = model.layers[1].routing(mnist.scale(images).reshape(len(images), -1))
    counts = mixture.expert_by_class(labels, chosen, 8)
    shares = np.array(MixtureRouter().get_state()["_shares"])
    assert shares.shape == (8, 8, 10)
    np.testing.assert_allclose(shares[1].T, counts / np.bincount(labels)[:, np.newaxis], atol=6e-5)
    np.testing.assert_allclose(shares.sum(axis=1), np.arange(1, 9)[:, np.newaxis] * np.ones(10), atol=1e-3)


def shown(page, line):
    """Return the numbers in a row of the first table."""
    cells = page.locator(".mixture-router-table").first.locator("tbody tr").nth(line).locator("td")
    return [float(text.replace("−", "-")) for text in cells.all_text_contents()]


@pytest.mark.parametrize("top_k", [1, 2, 8])
def test_a_picked_digit_is_routed(figure_page, top_k):
    """The page says what Python's figure says: who is asked, what comes of it."""
    page = figure_page("mixture_router")
    page.get_by_label("Another 8 from MNIST").click()
    page.get_by_label("Experts asked").focus()
    page.keyboard.press("Home")
    for _ in range(top_k - 1):
        page.keyboard.press("ArrowRight")
    digits = _assets.asset("digits")
    figure = MixtureRouter(digit=digits["images"][np.flatnonzero(digits["labels"] == 8)[0]], top_k=top_k)
    best = int(figure.output.argmax())
    page.wait_for_function(f"() => state('mixture_router').top_k === {top_k}")
    wanted = f"Verdict: {best}, with probability {round(100 * float(figure.output[best]), 1):g} %"
    page.wait_for_function(
        "wanted => document.querySelector('.mixture-router-verdict').textContent === wanted", arg=wanted
    )
    np.testing.assert_allclose(shown(page, 9), 100 * figure.output, atol=0.051)
    sums = np.array(shown(page, 8))
    np.testing.assert_allclose(softmax(sums), figure.output, atol=0.05)
    visible = [
        line.is_visible() for line in page.locator(".mixture-router-table").first.locator("tbody tr").all()
    ]
    assert visible == [expert in figure.chosen for expert in range(8)] + [True, True]
    label = page.locator(".mixture-router-diagram").get_attribute("aria-label")
    assert all(
        f"expert {expert + 1} ({figure.gate[expert]:.0%}".replace("%", " %") in label
        for expert in figure.chosen
    )
    assert label.endswith(f"Their sum says {best}.")


def test_a_drawn_line_is_a_one(figure_page):
    """Drawn with the mouse on a wiped pad."""
    page = figure_page("mixture_router")
    page.get_by_label("Another 0 from MNIST").click()
    page.get_by_role("button", name="Wipe").click()
    pad = page.locator(".ib-pad").bounding_box()
    page.mouse.move(pad["x"] + 84, pad["y"] + 28)
    page.mouse.down()
    page.mouse.move(pad["x"] + 84, pad["y"] + 140, steps=8)
    page.mouse.up()
    page.wait_for_function(
        "() => document.querySelector('.mixture-router-verdict').textContent.startsWith('Verdict: 1')"
    )
