"""The figure of a question about a digit computes the library's Transformer, and reads as it reads."""

import base64

import numpy as np
import pytest
from playwright.sync_api import expect

from imagebook import attention, instruction, mnist, pretrained
from imagebook.softmax import softmax
from imagebook.widgets.multimodal_prompt import BLANK, N_PATCHES, MultimodalPrompt

COUNT = 500
# As the page holds parameters: {name: {shape, data}}, flat.
SEQUENCE = """(tokens, parameters, ...rest) => {
    const held = Object.fromEntries(Object.entries(parameters).map(([name, data]) => [name, { data }]));
    return [Float64Array.from(tokens), held, ...rest];
}"""
CLOSE = {"rtol": 1e-5, "atol": 1e-9}


def flat(parameters, prefix=""):
    """Return parameters as lists, flat, as the page holds them."""
    return {f"{prefix}{name}": array.ravel().tolist() for name, array in parameters.items()}


def shake(layer, rng):
    """Make every parameter random, and return the layer."""
    for array in layer.parameters.values():
        array[...] = rng.normal(0, 0.5, array.shape)
    return layer


def sequences(rng, *, count=COUNT, widths=(4, 8, 12)):
    """Return random sequences (T, width), among them single tokens, equal tokens and large numbers."""
    found = []
    for index in range(count):
        tokens = rng.normal(0, 10.0 ** rng.integers(-2, 3), (rng.integers(1, 9), rng.choice(widths)))
        found.append(np.full_like(tokens, tokens[0, 0]) if index % 50 == 0 else tokens)
    assert {1, 8} <= {len(tokens) for tokens in found}
    return found


def test_patches(modules):
    """500 pictures of several sizes, cut as the library cuts."""
    rng = np.random.default_rng(0)
    cases, wanted = [], []
    for _ in range(COUNT):
        size, across = rng.integers(1, 5, 2)
        picture = rng.random((size * across, size * across))
        cases.append([picture.ravel().tolist(), int(size * across), int(size)])
        wanted.append(attention.patches(picture[np.newaxis, ..., np.newaxis], int(size))[0].tolist())
    assert modules("kit/transformer", "patches", cases) == wanted


def test_layer_norm(modules):
    """500 sequences."""
    rng = np.random.default_rng(1)
    cases, wanted = [], []
    for tokens in sequences(rng):
        layer = shake(attention.LayerNorm(tokens.shape[1], dtype=np.float64), rng)
        cases.append(
            [tokens.ravel().tolist(), *(layer.parameters[name].tolist() for name in ("weights", "bias"))]
        )
        wanted.append(layer.forward(tokens[np.newaxis]).ravel())
    found = modules("kit/transformer", "layerNorm", cases)
    for values, right in zip(found, wanted, strict=True):
        np.testing.assert_allclose(values, right, **CLOSE)


def test_dense_tokens(modules):
    """500 sequences through layers of several widths, each token by itself."""
    rng = np.random.default_rng(2)
    cases, wanted = [], []
    for tokens in sequences(rng):
        weights = rng.normal(size=(tokens.shape[1], rng.integers(1, 20)))
        bias = rng.normal(size=weights.shape[1])
        cases.append([tokens.ravel().tolist(), weights.ravel().tolist(), bias.tolist()])
        wanted.append((tokens @ weights + bias).ravel())
    found = modules(
        "kit/transformer",
        "denseTokens",
        cases,
        convert="(...lists) => lists.map((list) => Float64Array.from(list))",
    )
    for values, right in zip(found, wanted, strict=True):
        np.testing.assert_allclose(values, right, **CLOSE)


@pytest.mark.parametrize("function", ["selfAttention", "transformerBlock"])
def test_attention_and_block(modules, function):
    """500 sequences, with 1, 2 or 4 heads: outputs, and what each token takes from each."""
    rng = np.random.default_rng(3)
    cases, wanted = [], []
    for tokens in sequences(rng):
        width, heads = tokens.shape[1], int(rng.choice([1, 2, 4]))
        if function == "selfAttention":
            layer = inner = attention.SelfAttention(width, heads, rng=rng, dtype=np.float64)
        else:
            layer = attention.TransformerBlock(
                width, heads, int(rng.integers(1, 20)), rng=rng, dtype=np.float64
            )
            inner = layer.parts["attention"]
        shake(layer, rng)
        outputs = layer.forward(tokens[np.newaxis]).ravel()
        cases.append([tokens.ravel().tolist(), flat(layer.parameters, "here."), "here", heads])
        wanted.append((outputs, inner.weights[0].reshape(heads, -1)))
    found = modules("kit/transformer", function, cases, convert=SEQUENCE)
    for values, (outputs, weights) in zip(found, wanted, strict=True):
        np.testing.assert_allclose(values["outputs"], outputs, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(values["attention"], weights, rtol=1e-5, atol=1e-12)


def test_words(modules):
    """600 texts, with capitals, marks, strange spaces and other scripts: split as the tokenizer does."""
    rng = np.random.default_rng(4)
    pieces = [
        "Is",
        "it",
        "EVEN",
        "?",
        " ",
        "  ",
        ",",
        "!",
        ".",
        "\xa0",
        "\u2003",
        "\ufeff",
        "İ",
        "ΟΔΟΣ",
        "ß",
        "\u212a",
        "你好",
        "🙂",
        "",
        "-",
        "'",
    ]
    texts = ["", " ", "?"] + ["".join(rng.choice(pieces, rng.integers(1, 12))) for _ in range(600)]
    found = modules("kit/transformer", "wordsOf", [[text] for text in texts])
    assert found == [instruction._words(text) for text in texts]
    assert max(map(len, found)) > 4


def digits(count):
    """Return the first `count` test digits of each class, blank ones and noise, as bytes."""
    images, labels = mnist.load("test")
    chosen = np.concatenate([np.flatnonzero(labels == digit)[:count] for digit in range(10)])
    noise = np.random.default_rng(5).integers(0, 256, (2, 28, 28), np.uint8)
    return np.concatenate([images[chosen], np.zeros((1, 28, 28), np.uint8), noise])


def questions():
    """Return every phrasing and caption, an empty question, and one as long as it may be."""
    texts = [
        text for wordings in instruction.PHRASINGS.values() for both in wordings.values() for text in both
    ]
    return [*texts, *instruction.CAPTIONS, "", "zero one two three four five six seven eight"]


RUN = """async ([name, digits, texts, wanted]) => {
    const { fromBase64 } = imagebook.use("kit/state");
    const { multimodal } = imagebook.use("kit/transformer");
    const bytes = imagebook.models.multimodal_prompt.get("_assets")[name];
    const tensors = await imagebook.use("kit/tensors").readTensors(bytes);
    const plain = (value) => ArrayBuffer.isView(value) ? Array.from(value) : value.map(plain);
    return digits.map((digit) => {
        const pixels = Float64Array.from(fromBase64(digit), (byte) => byte / 255);
        const shape = { side: 28, size: 7, heads: 4, blocks: 2 };
        return texts.map((text) => plain(multimodal(tensors, pixels, text, shape)[wanted]));
    });
}"""


@pytest.mark.parametrize("name", ["multimodal", "multimodal_captions"])
def test_the_whole_model(figure_page, name):
    """More than 1,600 pairs of a digit and a question, all phrasings: the logits. And 60 pairs' attention."""
    page = figure_page("multimodal_prompt")
    model = instruction.MultimodalModel(rng=np.random.default_rng(0), dtype=np.float64)
    model.model.load(pretrained.weights_file(name))
    asked, shown = questions(), digits(2)
    assert len(set(asked)) > 70 and len(asked) * len(shown) > 1600
    encoded = [base64.b64encode(digit.tobytes()).decode() for digit in shown]
    tokens = [model.tokenizer.encode(text) for text in asked]
    found = np.array(page.evaluate(RUN, [name, encoded, tokens, "logits"]))
    wanted = [model.predict(np.repeat(digit[np.newaxis] / 255, len(asked), axis=0), asked) for digit in shown]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    assert len(set(found.argmax(axis=2).ravel())) >= 10
    some = slice(None, None, 4)
    looked = page.evaluate(RUN, [name, encoded[:3], tokens[some], "attention"])
    for digit, per_text in zip(shown[:3], looked, strict=True):
        for text, per_block in zip(asked[some], per_text, strict=True):
            model.predict(digit[np.newaxis] / 255, text)  # leaves its attention in the blocks
            places = [*range(N_PATCHES + len(model.tokenizer.encode(text))), BLANK]
            for block, heads in zip(model.transformer.blocks, per_block, strict=True):
                weights = block.parts["attention"].weights[0][:, places][:, :, places]
                np.testing.assert_allclose(heads, weights.reshape(4, -1), rtol=1e-5, atol=1e-9)


def figure_like(page):
    """Return the figure in Python that has the page's state."""
    figure = MultimodalPrompt()
    figure.set_state(page.evaluate("state('multimodal_prompt')"))
    return figure


def test_the_reader_picks_and_writes_questions(figure_page):
    """A wording from the menu, then one of the reader's own: the answer is the library's."""
    page = figure_page("multimodal_prompt")
    answer = page.locator(".multimodal-prompt-answer")
    expect(answer).to_have_text("The model says: two")
    page.get_by_label("Questions to pick").select_option("is this number even")
    expect(answer).to_have_text("The model says: yes")
    field = page.get_by_label("Question", exact=True)
    expect(field).to_have_value("is this number even")
    page.get_by_role("button", name="Another 3 from MNIST").click()
    expect(answer).to_have_text("The model says: no")
    field.fill("Name it!")
    expect(page.get_by_label("Questions to pick")).to_have_value("")
    figure = figure_like(page)
    assert figure.question == "Name it!"
    expect(answer).to_have_text(f"The model says: {figure.output}")
    page.get_by_label("captions only").check()
    field.fill("is this number even")
    expect(answer).to_have_text("The model says: three")
    assert figure_like(page).output == "three"


def test_what_it_cannot_read_is_said(figure_page):
    """A word outside of the vocabulary is marked and named; ten words are too many. The picture says so."""
    page = figure_page("multimodal_prompt")
    answer = page.locator(".multimodal-prompt-answer")
    field = page.get_by_label("Question", exact=True)
    field.fill("Is it a <b>cat</b>?")
    expect(answer).to_contain_text("does not know the word “<b>cat</b>”")
    expect(page.locator(".multimodal-prompt-unknown")).to_have_text(["<b>cat</b>"])
    expect(page.locator(".ib-bars")).to_be_hidden()
    figure = figure_like(page)
    assert figure.output is None and figure.probabilities is None and figure.attention is None
    assert "cat" in figure.words()
    field.fill(" ".join(["two"] * 10))
    expect(answer).to_contain_text("at most 9 words; these are 10")
    assert "at most 9 words, got 10" in figure_like(page).words()
    field.fill("")
    assert figure_like(page).output is not None
    expect(answer).to_contain_text("The model says")


@pytest.mark.parametrize(
    ("token", "block", "head"),
    [(0, "1", "mean"), (9, "2", "1"), (17, "1", "4"), (24, "2", "mean"), (25, "2", "3")],
)
def test_the_shown_attention_is_the_librarys(figure_page, token, block, head):
    """Patches, words, a word that the question does not have, and the blank."""
    page = figure_page("multimodal_prompt")
    page.evaluate(
        "values => setState('multimodal_prompt', values)", {"token": token, "block": block, "head": head}
    )
    figure = MultimodalPrompt(token=token, block=block, head=head)
    places = [*range(N_PATCHES + 6), BLANK]
    assert figure.attention.sum() == pytest.approx(1) and figure.attention[22:25].max() == 0
    wanted = [f"{share:.0f}\u202f%" for share in 100 * figure.attention[places]]
    shares = page.locator(".multimodal-prompt-token:visible .multimodal-prompt-share")
    expect(shares).to_have_text(wanted)


def test_tokens_answer_clicks_and_keys(figure_page):
    """Click on a patch, then arrows through the sequence, past its end to nowhere."""
    page = figure_page("multimodal_prompt")
    tokens = page.locator(".multimodal-prompt-token:visible")
    expect(tokens).to_have_count(23)
    tokens.nth(14).click()
    for key, token in (
        ("ArrowRight", 15),
        ("ArrowRight", 16),
        ("ArrowLeft", 15),
        ("End", BLANK),
        ("ArrowRight", BLANK),
        ("ArrowLeft", 21),
        ("Home", 0),
    ):
        page.keyboard.press(key)
        assert page.evaluate("state('multimodal_prompt').token") == token
        expect(page.locator(".multimodal-prompt-token[aria-pressed=true]")).to_be_focused()


@pytest.mark.parametrize(
    "question", ["你好 \U0001f642", "$x", "%s", "w" * 80, "\u202eis it even", " ", "", "?"]
)
def test_the_picture_holds_any_question(question):
    """Other scripts, signs that mean something to matplotlib, one long word, nothing."""
    figure = MultimodalPrompt(question=question)
    data, _ = figure._repr_mimebundle_()
    assert len(data["image/png"]) > 1000
    assert question in figure.words()


def test_a_long_word_does_not_widen_a_phone(figure_page):
    """Eighty letters without a space at 320 pixels."""
    page = figure_page("multimodal_prompt", viewport={"width": 320, "height": 700})
    page.get_by_label("Question", exact=True).fill("w" * 80)
    expect(page.locator(".multimodal-prompt-unknown")).to_have_text("w" * 80)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_probabilities_are_the_softmax_of_the_logits():
    """By hand: the model's logits through the library's softmax."""
    figure = MultimodalPrompt(question="which number do you see")
    logits = pretrained.load("multimodal").predict(mnist.scale(figure.digit[np.newaxis]), figure.question)
    np.testing.assert_allclose(figure.probabilities, softmax(logits)[0])
    assert figure.output == "eight"
