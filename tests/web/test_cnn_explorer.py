"""The figure inside of a network takes numbers apart as the library made them, and answers mouse and keys."""

import json
from base64 import b64decode

import numpy as np
import pytest

from imagebook import mnist
from imagebook.widgets import CNNExplorer, _classifier
from imagebook.widgets.cnn_explorer import LAYERS

# For each layer: the one below, its window's edge and step, and the position of its weights in the network.
BELOW = {
    "convolution_1": ("input", 3, 1, 0),
    "relu_1": ("convolution_1", 1, 1, None),
    "pool_1": ("relu_1", 2, 2, None),
    "convolution_2": ("pool_1", 3, 1, 3),
    "relu_2": ("convolution_2", 1, 1, None),
    "pool_2": ("relu_2", 2, 2, None),
    "scores": ("pool_2", 5, 1, 7),
    "probabilities": ("scores", 1, 1, None),
}


def all_maps(position):
    """Return what the library's layers make of a test digit, each (height, width, channels)."""
    figure = CNNExplorer(digit=_classifier.digit(position))
    maps = {"input": mnist.scale(figure.digit[np.newaxis])[0], **figure.activations}
    maps["probabilities"] = figure.output
    return {
        name: array.reshape((1, 1, 10) if array.ndim == 1 else array.shape) for name, array in maps.items()
    }


def wanted_parts(maps, layer, channel, row, column, source):
    """Return the window, the products (edge, edge, channels) and the bias of one number, by NumPy."""
    below, edge, stride, position = BELOW[layer]
    rows, columns, channels = maps[layer].shape
    row, column, channel = min(row, rows - 1), min(column, columns - 1), min(channel, channels - 1)
    value = maps[layer][row, column, channel]
    window = maps[below][row * stride : row * stride + edge, column * stride : column * stride + edge]
    if position is None:
        return value, window[:, :, channel], None, None
    parameters = _classifier.network().layers[position].parameters
    weights = parameters["weights"].reshape(edge, edge, window.shape[2], channels)[..., channel]
    return (
        value,
        window[:, :, min(source, window.shape[2] - 1)],
        window * weights,
        parameters["bias"][channel],
    )


def test_numbers_are_taken_apart_as_the_library_made_them(modules):
    """800 places in three digits' layers, many of them outside; the parts add up to the number."""
    rng = np.random.default_rng(0)
    digits = [all_maps(position) for position in (0, 1, 61)]
    pages = [
        {
            name: {
                "height": m.shape[0],
                "width": m.shape[1],
                "channels": m.shape[2],
                "data": m.ravel().tolist(),
            }
            for name, m in maps.items()
        }
        for maps in digits
    ]
    weights = {
        f"{position}.{key}": {"shape": value.shape, "data": value.ravel().tolist()}
        for position, layer in enumerate(_classifier.network().layers)
        for key, value in layer.parameters.items()
    }
    cases = []
    for step in range(800):
        place = rng.integers(0, [16, 26, 26, 16]).tolist()
        state = dict(zip(("channel", "row", "column", "source"), place, strict=True))
        cases.append([step % 3, {"layer": list(BELOW)[step % 8], **state}])
    data = f"{json.dumps(pages)}, {json.dumps(weights)}"
    prepare = f"((all, weights) => (k, wanted) => [all[k], weights, wanted])({data})"
    clamped = 0
    for (k, state), found in zip(
        cases, modules("cnn_explorer", "inspect", cases, convert=prepare), strict=True
    ):
        value, window, products, bias = wanted_parts(digits[k], **state)
        np.testing.assert_allclose(found["value"], value, rtol=1e-5)
        np.testing.assert_allclose(found["window"], window, rtol=1e-5)
        clamped += found["row"] < state["row"]
        if state["layer"].startswith(("relu", "pool")):
            assert found["value"] == pytest.approx(max(0, np.max(found["window"])))
        if products is None:
            assert "products" not in found
            continue
        np.testing.assert_allclose(found["products"]["data"], products.ravel(), rtol=1e-5, atol=1e-12)
        np.testing.assert_allclose(found["sums"], products.sum(axis=(0, 1)), rtol=1e-4, atol=1e-5)
        own = np.multiply(found["window"], found["filter"])
        np.testing.assert_allclose(own, products[:, :, found["source"]], rtol=1e-5, atol=1e-12)
        assert sum(found["sums"]) + bias == pytest.approx(
            value, rel=1e-4, abs=1e-4
        )  # the library's is float32
    assert 100 < clamped < 700


def state(page):
    """Return the figure's state."""
    return page.evaluate("state('cnn_explorer')")


def test_a_layer_a_map_and_a_number_are_chosen(figure_page):
    """By pointing at a map, by dragging in the large one, and by keys."""
    page = figure_page("cnn_explorer")
    strip = page.locator(".cnn_explorer-layer .ib-maps").nth(5)  # two rows of eight maps
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.99, box["y"] + box["height"] * 0.99)
    now = state(page)
    assert [now[name] for name in ("layer", "channel", "row", "column")] == ["pool_2", 15, 4, 4]
    large = page.locator(".cnn_explorer-large [role=application]")
    large.scroll_into_view_if_needed()
    box = large.bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + 3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.3, steps=3)
    page.mouse.up()
    assert (state(page)["row"], state(page)["column"]) == (1, 2)
    large.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    assert (state(page)["row"], state(page)["column"]) == (2, 1)
    value = CNNExplorer().activations["pool_2"][2, 1, 15]
    shown = page.locator(".cnn_explorer-sum")
    page.wait_for_function(
        "text => document.querySelector('.cnn_explorer-sum').textContent.includes(text)",
        arg=f"{value:.2g}"[:3],
    )
    page.locator("input[type=radio][value=pool_2]").focus()
    page.keyboard.press("ArrowDown")
    assert state(page)["layer"] == "scores"
    page.wait_for_function(
        "() => document.querySelector('.cnn_explorer-sum').textContent.includes('all 16 maps')"
    )
    assert "undefined" not in shown.text_content()


def test_the_bars_are_the_output(figure_page):
    """Another digit is picked: the bars show the probabilities that Python returns."""
    page = figure_page("cnn_explorer")
    page.get_by_role("button", name="Another 5 from MNIST").click()
    image = np.frombuffer(b64decode(state(page)["digit"]), np.uint8).reshape(28, 28)
    wanted = CNNExplorer(digit=image).output
    page.wait_for_function("() => document.querySelector('.ib-bars .ib-marked th')?.textContent === '5'")
    shown = page.locator(".ib-bars td:last-child").all_text_contents()
    np.testing.assert_allclose([float(text) for text in shown], wanted, atol=6e-4)


@pytest.mark.parametrize("layer", [*LAYERS, "probabilities"])
def test_places_outside_of_a_layer(figure_page, layer):
    """The last map, row and column are shown instead, in numbers."""
    page = figure_page("cnn_explorer")
    far = {"layer": layer, "channel": 15, "row": 25, "column": 25, "source": 15}
    page.evaluate("values => setState('cnn_explorer', values)", far)
    page.wait_for_function(f"() => document.querySelector('input[value={layer}]').checked")
    text = page.locator(".cnn_explorer-detail").inner_text()
    assert text and not any(word in text for word in ("NaN", "undefined", "infinity"))
