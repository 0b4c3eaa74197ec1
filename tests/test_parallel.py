import threading

import numpy as np
import pytest

from imagebook import _blocks, _parallel
from imagebook.convolution import conv2d, depthwise_conv2d, unfold
from imagebook.layers import Conv2D

MUCH = 1e9  # multiply-adds that are worth a thread


@pytest.mark.parametrize("count", [0, 1, 9, 20, 801])
def test_every_piece_is_done_once_and_in_order(monkeypatch, count):
    """The parts, one after the other, are the list of pieces, and the same on however many cores."""
    found = []
    for cores in ("1", "2", "3", "7"):
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", cores)
        found += [_parallel.share(list, range(count), work=work) for work in (1, MUCH)]
    assert [piece for part in found[0] for piece in part] == list(range(count))
    assert found == [found[0]] * 8


def test_parts_run_at_the_same_time(monkeypatch):
    """Two parts that wait for each other both come to an end."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    both = threading.Barrier(2, timeout=60)
    assert sorted(_parallel.share(lambda part: both.wait(), range(16), work=MUCH)) == [0, 1]


def test_little_work_starts_no_thread(monkeypatch):
    """It is done before a thread has started."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    threads = _parallel.share(lambda part: threading.get_ident(), range(16), work=1000)
    assert threads == [threading.get_ident()] * 2


def test_parts_are_neither_small_nor_many():
    """A part has at least eight pieces, the last one excepted, and there are at most eight parts."""
    assert _parallel.share(len, range(8), work=1) == [8]
    assert _parallel.share(len, range(9), work=1) == [8, 1]
    assert _parallel.share(len, range(801), work=1) == [101] * 7 + [94]


def test_where_no_thread_can_be_started_all_is_done_in_one(monkeypatch):
    """In a browser starting a thread raises RuntimeError."""

    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert _parallel.share(sum, range(16), work=MUCH) == [28, 92]


def test_an_error_in_another_thread_is_raised_here(monkeypatch):
    """What a piece raises is not lost."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    with pytest.raises(ZeroDivisionError):
        _parallel.share(lambda part: [1 // (20 - piece) for piece in part], range(30), work=MUCH)


@pytest.mark.parametrize("wanted", ["", "many", "0"])
def test_a_number_of_threads_that_is_none_does_not_stop_anyone(monkeypatch, wanted):
    """OPENBLAS_NUM_THREADS is the user's, and other programs forgive nonsense there, too."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", wanted)
    assert sum(_parallel.share(sum, range(16), work=MUCH)) == 120


@pytest.mark.parametrize("shape", [(40, 12, 11, 1), (3, 90, 80, 2), (1, 200, 150, 3), (30, 9, 9, 12)])
def test_results_do_not_depend_on_the_number_of_cores(monkeypatch, shape):
    """Outputs and gradients are the same bit for bit."""
    monkeypatch.setattr(_parallel, "_SOON_DONE", 0)
    rng = np.random.default_rng(0)
    images, kernels = rng.normal(size=shape), rng.normal(size=(3, 3, shape[3], 10))
    results = []
    for cores in ("1", "2", "5"):
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", cores)
        layer = Conv2D(shape[3], 10, 3, rng=np.random.default_rng(1), dtype=np.float64)
        outputs = layer.forward(images)
        gradients = layer.backward(outputs), *layer.gradients.values()
        results.append(
            (outputs, *gradients, conv2d(images, kernels), depthwise_conv2d(images, kernels[..., 0]))
        )
    for others in results[1:]:
        for result, expected in zip(others, results[0], strict=True):
            np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("shape", [(2, 6, 7, 3), (1, 40, 9, 1), (9, 5, 5, 4)])
@pytest.mark.parametrize("outputs", [1, 1000, 40_000])
def test_blocks_hold_every_slice_once(shape, outputs):
    """Put back where they lie, the rows of all matrices are all slices; more outputs make smaller blocks."""
    images = np.arange(np.prod(shape)).reshape(shape)
    slices = unfold(images, (3, 2))
    where = _blocks.cuts(slices, outputs)
    found = np.full(slices.shape, -1)
    for block, matrix in _blocks.matrices(slices, where):
        assert matrix.size * outputs <= 1e6 or len(matrix) == slices.shape[2]  # at least one row
        found[block] = matrix.reshape(found[block].shape)
    np.testing.assert_array_equal(found, slices)
