"""The page reads every asset as Python packed it, bit by bit."""

import base64

import numpy as np
import pytest

from imagebook import images, pretrained
from imagebook.widgets import _assets

# What the page reads from packed bytes: for each array its shape, its kind and its bytes.
READ = """async (text) => {
    const { fromBase64, toBase64 } = imagebook.use("kit/state");
    const tensors = await imagebook.use("kit/tensors").readTensors(fromBase64(text));
    return Object.entries(tensors).map(([name, { shape, data }]) => {
        const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
        return [name, shape, data.constructor.name, toBase64(bytes)];
    });
}"""
KINDS = {"uint8": "Uint8Array", "int32": "Int32Array", "float16": "Float32Array", "float32": "Float32Array"}


@pytest.fixture
def page(figure_page):
    """Return a page that has the kit."""
    return figure_page("iou")


def check(page, packed, arrays):
    """Compare what the page reads from packed bytes with the arrays."""
    found = page.evaluate(READ, base64.b64encode(packed).decode())
    assert [name for name, *_ in found] == list(arrays)
    for name, shape, kind, data in found:
        array = arrays[name]
        assert (tuple(shape), kind) == (array.shape, KINDS[str(array.dtype)]), name
        wanted = array.astype(np.float32) if array.dtype == np.float16 else array
        assert base64.b64decode(data) == wanted.tobytes(), name


@pytest.mark.parametrize("name", ["digits", *images.NAMES, *pretrained.NAMES])
def test_every_asset(page, name):
    """Names, shapes, kinds and all numbers."""
    arrays = _assets.asset(name)
    assert arrays and all(str(array.dtype) in KINDS for array in arrays.values())
    check(page, _assets.packed(name), arrays)


def test_every_type_and_odd_shapes(page, monkeypatch):
    """Each type at places that no type of two or four bytes would choose; single numbers, and none."""
    rng = np.random.default_rng(0)
    arrays = {"a b": rng.integers(0, 256, 3, np.uint8)}
    for kind in KINDS:
        for shape in ((), (1,), (0,), (2, 0, 3), (5, 1, 2), (7,)):
            arrays[f"{kind}{shape}"] = (200 * rng.random(shape)).astype(kind)
    arrays["ünï"] = np.array([-(2**31), 2**31 - 1, 0, 10], np.int32)
    arrays["extremes"] = np.array([np.inf, -np.inf, -0.0, 1e-45, 3.4e38], np.float32)
    monkeypatch.setattr(_assets, "asset", lambda name: arrays)
    check(page, _assets.packed.__wrapped__("anything"), arrays)


def test_all_numbers_of_half_precision(modules):
    """All 65,536."""
    found = modules("kit/tensors", "fromHalf", [[bits] for bits in range(2**16)])
    wanted = np.arange(2**16, dtype=np.uint16).view(np.float16).astype(np.float64)
    np.testing.assert_array_equal(found, wanted)
    signs = np.signbit(np.array(found, float))[~np.isnan(wanted)]
    np.testing.assert_array_equal(signs, np.signbit(wanted)[~np.isnan(wanted)])
