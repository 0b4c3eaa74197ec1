import numpy as np
import pytest
from gradients import central_differences

from imagebook.instruction import (
    ANSWERS,
    CAPTIONS,
    CLOSED_LOOPS,
    DIGITS,
    PHRASINGS,
    VOCABULARY,
    ImageTextTransformer,
    MultimodalModel,
    Tokenizer,
    baseline,
    captions,
    instructions,
    score,
)
from imagebook.optim import Adam


def make(seed=0, **options):
    """Return a small model for 4 x 4 images."""
    sizes = {"shape": (4, 4), "size": 2, "width": 16, "n_heads": 2, "hidden": 16, "n_blocks": 1}
    return MultimodalModel(**sizes | {"rng": np.random.default_rng(seed)} | options)


def figures(n=300):
    """Return noisy 4 x 4 stand-ins for digits, ten random patterns, and which of them each one is."""
    rng = np.random.default_rng(1)
    patterns = np.random.default_rng(2).random((10, 4, 4)) > 0.5
    labels = np.arange(n) % 10
    return 0.8 * patterns[labels] + 0.2 * rng.random((n, 4, 4)), labels


def fit(model, images, texts, words, **options):
    """Fit quietly with Adam."""
    options = {"optimizer": Adam(learning_rate=0.005), "epochs": 1, "batch_size": 30} | options
    return model.fit(images, texts, words, rng=np.random.default_rng(3), progress=False, **options)


# Questions and answers


def test_answers_by_hand():
    """Eight is even, larger than five and has two loops; a four is open; five is not larger than five."""
    assert {kind: answers[8] for kind, answers in ANSWERS.items()} == {
        "digit": "eight",
        "even": "yes",
        "larger": "yes",
        "loops": "two",
    }
    assert CLOSED_LOOPS == (1, 0, 0, 0, 0, 0, 1, 0, 2, 1)
    assert ANSWERS["loops"][4] == "zero"
    assert [digit for digit in range(10) if ANSWERS["larger"][digit] == "yes"] == [6, 7, 8, 9]
    assert [digit for digit in range(10) if ANSWERS["even"][digit] == "yes"] == [0, 2, 4, 6, 8]


def test_held_out_phrasings_are_new_sentences_of_known_words():
    """No held-out phrasing is among those seen in training, each of its words is, and it is not longer."""
    seen = [text for wordings in PHRASINGS.values() for text in wordings["seen"]]
    held_out = [text for wordings in PHRASINGS.values() for text in wordings["held_out"]]
    assert len(set(seen + held_out)) == len(seen) + len(held_out)
    assert {word for text in held_out for word in text.split()} <= {w for text in seen for w in text.split()}
    assert max(len(text.split()) for text in held_out) <= max(len(text.split()) for text in seen) == 9


def test_captions_end_in_the_name_of_the_digit():
    """Beginnings come from the list, all of them in the end, and the word to say is the digit's name."""
    labels = np.arange(200) % 10
    beginnings, words = captions(labels, np.random.default_rng(4))
    assert set(beginnings) == set(CAPTIONS)
    assert words == [DIGITS[label] for label in labels]


@pytest.mark.parametrize("held_out", [False, True])
def test_instructions_ask_everything_about_as_often(held_out):
    """Only phrasings of the wanted wording come, all of them, types equally often, with the right answer."""
    labels = np.random.default_rng(5).integers(10, size=4000)
    questions, answers = instructions(labels, np.random.default_rng(6), held_out=held_out)
    wording = "held_out" if held_out else "seen"
    kinds = {text: kind for kind, wordings in PHRASINGS.items() for text in wordings[wording]}
    assert set(questions) == set(kinds)
    for kind in PHRASINGS:
        asked = sum(kinds[question] == kind for question in questions)
        assert abs(asked - 1000) < 110  # standard deviation 27
    for question, answer, label in zip(questions, answers, labels, strict=True):
        assert answer == ANSWERS[kinds[question]][label]


def test_builders_are_reproducible_and_take_no_digits():
    """Equal seeds give equal texts; no labels give no texts."""
    for build in (captions, instructions):
        labels = np.arange(10)
        labels.flags.writeable = False
        assert build(labels, np.random.default_rng(7)) == build(list(labels), np.random.default_rng(7))
        assert build([], np.random.default_rng(7)) == ([], [])


def test_baseline_by_hand():
    """Of 1, 2, 4, 6: each digit is a quarter; three even, three at most five, three without a loop."""
    assert baseline([1, 2, 4, 6]) == {"digit": 0.25, "even": 0.75, "larger": 0.75, "loops": 0.75}


# Tokenizer


def test_tokenizer_by_hand():
    """Tokens are places in the vocabulary; capitals, marks and spaces play no part."""
    tokenizer = Tokenizer(["is", "it", "even"])
    assert tokenizer.encode("  Is it\nEVEN?!") == [0, 1, 2]
    assert tokenizer.decode([2, 0]) == "even is"
    assert tokenizer.encode("") == [] and tokenizer.decode([]) == ""


def test_decoding_inverts_encoding():
    """Every text of the book's own comes back."""
    tokenizer = Tokenizer(VOCABULARY)
    for wordings in PHRASINGS.values():
        for text in wordings["seen"] + wordings["held_out"]:
            assert tokenizer.decode(tokenizer.encode(text)) == text


def test_words_outside_the_vocabulary_are_refused():
    """The word is named, and so are impossible vocabularies and tokens."""
    with pytest.raises(ValueError, match="text must be made of the vocabulary's 2 words, got 'odd'"):
        Tokenizer(["is", "it"]).encode("is it odd?")
    with pytest.raises(TypeError, match="text must be a string, got 3"):
        Tokenizer(["is"]).encode(3)
    with pytest.raises(ValueError, match="tokens must be from 0 to 0, got 1"):
        Tokenizer(["is"]).decode([0, 1])
    with pytest.raises(ValueError, match="tokens must be at least 0, got -1"):
        Tokenizer(["is"]).decode([-1])
    with pytest.raises(TypeError, match="tokens must be an integer, got 0.5"):
        Tokenizer(["is"]).decode([0.5])
    with pytest.raises(ValueError, match="vocabulary must hold every word once"):
        Tokenizer(["is", "is"])
    with pytest.raises(ValueError, match="vocabulary must hold at least one word, got none"):
        Tokenizer([])
    for wrong in ("Is", "is it", "is?", "", 3):
        with pytest.raises(ValueError, match="vocabulary must hold single words in lower case, got"):
            Tokenizer(["it", wrong])
    with pytest.raises(TypeError, match="vocabulary must be a list of words, got 'is it'"):
        Tokenizer("is it")


# The network


def small_transformer(dtype=np.float64):
    """Return a transformer for 2 x 4 images and texts of up to two of three words, away from zero biases."""
    sizes = {"shape": (2, 4), "size": (2, 2), "width": 4, "n_heads": 2, "hidden": 4, "n_blocks": 2}
    layer = ImageTextTransformer(3, 2, **sizes, rng=np.random.default_rng(8), dtype=dtype)
    rng = np.random.default_rng(9)
    for parameter in layer.parameters.values():
        parameter += 0.3 * rng.normal(size=parameter.shape).astype(dtype)
    return layer


def rows():
    """Return two examples for it: one with two words, one with one word and an empty place."""
    return np.c_[np.random.default_rng(10).random((2, 8)), [[0, 2], [1, 3]]]


def test_gradients():
    """The gradients of pixels and of all parameters are the slopes of the loss (central differences)."""
    layer, inputs = small_transformer(), rows()
    weighting = np.random.default_rng(11).normal(size=(2, 3))
    layer.forward(inputs)
    inputs_gradient = layer.backward(weighting)
    np.testing.assert_array_equal(inputs_gradient[:, 8:], 0)
    assert layer.gradients.keys() == layer.parameters.keys()
    pairs = [(layer.parameters[name], layer.gradients[name]) for name in layer.parameters]
    for values, gradient in [*pairs, (inputs[:, :8], inputs_gradient[:, :8])]:
        expected = central_differences(lambda: np.sum(weighting * layer.forward(inputs)), values)
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8)


def test_no_token_looks_at_an_empty_place():
    """Attention to the place after the last word is 0 in every head; to the final blank it is not."""
    layer = small_transformer()
    layer.forward(rows())
    for block in layer.blocks:
        weights = block.parts["attention"].weights  # two patches, two words, blank
        assert weights.shape == (2, 2, 5, 5)
        np.testing.assert_array_equal(weights[1, :, :, 3], 0)
        assert weights[0].min() > 0 and weights[1][:, :, [0, 1, 2, 4]].min() > 0


def test_the_transformer_keeps_the_contract():
    """An empty batch passes, types follow the parameters, and misuse is refused by name."""
    layer = small_transformer(np.float32)
    with pytest.raises(RuntimeError, match="ImageTextTransformer.backward must come after forward"):
        layer.backward(np.ones((2, 3)))
    assert layer.forward(rows()).dtype == layer.backward(np.ones((2, 3))).dtype == np.float32
    assert layer.forward(np.zeros((0, 10))).shape == (0, 3)
    assert layer.backward(np.zeros((0, 3))).shape == (0, 10)
    with pytest.raises(ValueError, match=r"inputs must have shape \(N, 10\), got \(2, 9\)"):
        layer.forward(np.zeros((2, 9)))
    with pytest.raises(ValueError, match="inputs must be tokens from 0 to 3, got 4"):
        layer.forward(np.full((1, 10), 4))


# The model


def test_the_model_fits_its_file_size():
    """At its default size it has fewer than 75,000 parameters: 300 kB in float32."""
    assert make().model.parameter_count < 75_000
    assert MultimodalModel(rng=np.random.default_rng(0)).model.parameter_count < 75_000


def test_tuning_makes_a_captioner_follow_instructions():
    """Pre-trained on captions it only names; tuned, it beats every baseline also on phrasings not seen."""
    images, labels = figures()
    model, rng = make(), np.random.default_rng(12)
    for _ in range(10):
        fit(model, images, *captions(labels, rng))
    before = score(model, images, labels)
    assert before["digit"]["held_out"] > 0.7
    assert max(before[kind]["held_out"] for kind in ("even", "larger", "loops")) < 0.15

    for _ in range(60):
        history = fit(model, images, *instructions(labels, rng))
    after = score(model, images, labels)
    assert len(history["loss"]) == 1
    for kind, share in baseline(labels).items():
        assert after[kind]["seen"] > (1 + share) / 2
        assert after[kind]["held_out"] > share + (1 - share) / 4


def test_answers_are_the_most_probable_words():
    """`answer` names the largest of `predict`'s logits; one question may go to all images; none is none."""
    model = make()
    images, _ = figures(5)
    logits = model.predict(images, "Is it even?")
    assert logits.shape == (5, len(VOCABULARY)) and logits.dtype == np.float32
    words = [VOCABULARY[token] for token in logits.argmax(axis=1)]
    assert model.answer(images, "Is it even?") == model.answer(images, ["is it even"] * 5) == words
    np.testing.assert_array_equal(model.predict(images[..., np.newaxis], "is it even"), logits)
    assert model.answer(images[:0], "is it even") == model.answer(images[:0], []) == []


def test_the_answer_depends_on_image_and_text():
    """Other pixels or other words give other logits, and so does another order of the words."""
    model = make()
    images, _ = figures(2)
    logits = model.predict(images, "is it even")
    assert (logits[0] != logits[1]).any()
    assert (model.predict(images, "is it larger") != logits).any()
    assert (model.predict(images, "even it is") != logits).any()


def test_training_is_reproducible_and_changes_no_argument(tmp_path):
    """Equal seeds give equal histories and files, from read-only images; a file brings the answers back."""
    images, labels = figures(50)
    images.flags.writeable = False
    models = [make(seed=4), make(seed=4)]
    histories = [fit(model, images, "a handwritten", [DIGITS[k] for k in labels]) for model in models]
    assert histories[0] == histories[1]
    models[0].model.save(tmp_path / "model.npz")
    other = make(seed=5)
    other.model.load(tmp_path / "model.npz")
    logits = models[1].predict(images, "a handwritten")
    np.testing.assert_array_equal(other.predict(images, "a handwritten"), logits)


def test_scores_count_exact_words():
    """A model that always says "yes" is right where yes is, and nowhere else."""

    class YesMan:
        def answer(self, images, questions):
            assert len(images) == len(questions) == 10
            return ["yes"] * len(images)

    scores = score(YesMan(), np.zeros((10, 4, 4)), np.arange(10))
    both = dict.fromkeys(["seen", "held_out"])
    shares = {"digit": 0.0, "even": 0.5, "larger": 0.4, "loops": 0.0}
    assert scores == {kind: dict.fromkeys(both, share) for kind, share in shares.items()}


# Errors


def test_impossible_arguments_are_refused():
    """Images of another size or unscaled, texts too long, too few or unknown are named."""
    model = make()
    images, _ = figures(2)
    for method in (model.predict, model.answer):
        with pytest.raises(ValueError, match=r"images must have shape \(N, 4, 4\), got \(2, 4, 5\)"):
            method(np.zeros((2, 4, 5)), "is it even")
        with pytest.raises(ValueError, match="images must be between 0 and 1, got 0.0 to 255.0"):
            method([[[0.0, 255, 0, 0]] * 4], "is it even")
        with pytest.raises(ValueError, match="images must be between 0 and 1, got nan"):
            method(np.full((1, 4, 4), np.nan), "is it even")
        with pytest.raises(ValueError, match="texts must hold one text per image, 2, got 1"):
            method(images, ["is it even"])
        with pytest.raises(ValueError, match="texts must have at most 9 words, got 10"):
            method(images, "is " * 10)
        with pytest.raises(ValueError, match="text must be made of the vocabulary's 54 words, got 'odd'"):
            method(images, "is it odd?")
    with pytest.raises(TypeError, match="texts must be a list of strings, got None"):
        model.predict(images, None)
    with pytest.raises(ValueError, match="words must hold one word each, got 'yes yes'"):
        fit(model, images, "is it even", ["yes", "yes yes"])
    with pytest.raises(TypeError, match="words must be a list of strings, got 'yes'"):
        fit(model, images, "is it even", "yes")
    with pytest.raises(ValueError, match="inputs must hold at least one example, got none"):
        fit(model, images[:0], "is it even", [])
    with pytest.raises(ValueError, match=r"size must divide the height and width of the images, \(4, 4\)"):
        make(size=3)
    with pytest.raises(ValueError, match="n_blocks must be at least 1, got 0"):
        make(n_blocks=0)
    with pytest.raises(ValueError, match="length must be at least 1, got 0"):
        make(length=0)


def test_impossible_labels_are_refused():
    """Labels beyond nine or in fractions, none to judge by, and seeds in place of generators are named."""
    for build in (captions, instructions):
        with pytest.raises(ValueError, match="labels must be classes from 0 to 9, got 10"):
            build([10], np.random.default_rng(0))
        with pytest.raises(TypeError, match="labels must be integers, got dtype float64"):
            build([0.5], np.random.default_rng(0))
        with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
            build([1], 0)
    with pytest.raises(ValueError, match="labels must hold at least one label, got none"):
        score(make(), np.zeros((0, 4, 4)), [])
    with pytest.raises(ValueError, match="labels must hold at least one label, got none"):
        baseline([])
