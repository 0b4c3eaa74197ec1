"""What the rules of extensions/website.py and stylesheet.py make of a page and of style sheets."""

import base64
import hashlib
import re
import sys

import pytest
from pygments.formatters import HtmlFormatter
from scripts import load
from sphinx.errors import ExtensionError


@pytest.fixture
def website(root, monkeypatch):
    """Return the extension; it imports its neighbour stylesheet."""
    monkeypatch.syspath_prepend(str(root / "extensions"))
    module = load(root / "extensions/website.py")
    yield module
    sys.modules.pop("stylesheet", None)


@pytest.fixture
def stylesheet(root):
    """Return the extension."""
    return load(root / "extensions/stylesheet.py")


def page(head="", body=""):
    """Return a page as the theme writes it, in short."""
    return f'<html><head><meta charset="utf-8" />{head}</head><body>{body}</body></html>'


def test_the_policy_names_the_one_script_of_the_page(website):
    """The hash in the policy is that of the script as it stands in the page; nothing else inline may run."""
    text = website.cleaned(page(), "../")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)[1]
    (script,) = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'self'; ") and "unsafe" not in policy
    assert text.index("Content-Security-Policy") < text.index("<script")


def test_scripts_of_the_head_wait_and_some_are_gone(website):
    """Icons, Sphinx's search and settings of what is gone are not loaded; what stays comes after the text."""
    head = (
        '<script defer src="_static/scripts/fontawesome.js?digest=1"></script>'
        '<script src="_static/searchtools.js"></script>'
        "<script>DOCUMENTATION_OPTIONS.pagename = 'index';</script>"
        '<script src="_static/copybutton.js?v=1"></script>'
    )
    text = website.cleaned(page(head), "")
    assert re.findall(r"<script[^>]*src[^>]*>", text) == ['<script defer src="_static/copybutton.js">']


def test_one_style_sheet(website):
    """However many a page names, it loads one."""
    links = "".join(f'<link rel="stylesheet" href="../_static/{name}.css?v=1" />' for name in "ab")
    text = website.cleaned(page(links), "../")
    assert re.findall(r'<link[^>]*rel="stylesheet"[^>]*>', text) == [
        '<link rel="stylesheet" href="../_static/site.css" />'
    ]


def test_an_icon_becomes_a_drawing(website):
    """Solid icons, those of brands, and old names; the drawing says nothing to a screen reader."""
    icons = '<i class="fa-solid fa-list"></i><i class="fab fa-github"></i><i class="fas fa-pencil-alt"></i>'
    text = website.cleaned(page("", icons), "")
    assert text.count('aria-hidden="true"><path d="M') == 3 and "<i " not in text


def test_a_menu_opens_without_scripts(website):
    """The theme's menu for Bootstrap becomes details with a named summary."""
    menu = (
        '<div class="dropdown dropdown-launch-buttons">\n<button class="btn dropdown-toggle" type="button" '
        'data-bs-toggle="dropdown" aria-expanded="false" aria-label="Launch">x</button>\n'
        '<ul class="dropdown-menu"><li>Binder</li></ul>\n</div>'
    )
    text = website.cleaned(page("", menu), "")
    assert '<summary class="btn" aria-label="Launch">x</summary>' in text and "data-bs" not in text


def test_bootstrap_is_loaded_only_for_a_menu_that_needs_it(website):
    """The theme's own menus do not; one that a later theme brings keeps the script."""
    script = '<script defer src="_static/scripts/bootstrap.js"></script>'
    assert script not in website.cleaned(page("", script), "")
    assert script in website.cleaned(page("", script + '<button data-bs-toggle="dropdown">'), "")


def test_words_of_programs_are_marked_where_they_have_a_colour(website):
    """Names, punctuation and space lose their marks: in both themes these have the colour of the text."""
    code = '<pre><span class="k">if</span> <span class="n">a</span><span class="p">:</span></pre>'
    assert '<pre><span class="k">if</span> a:</pre>' in website.cleaned(page("", code), "")
    for style in ("a11y-high-contrast-light", "a11y-high-contrast-dark"):
        sheet = HtmlFormatter(style=style).get_style_defs(".highlight")
        colours = {
            name: re.search(rf"^\.highlight{name} {{.*color: (#\w+)", sheet, re.M)[1]
            for name in ("", " .n", " .p", " .w")
        }
        assert len(set(colours.values())) == 1, colours


def test_a_picture_knows_its_size_and_comes_when_it_is_near(website):
    """The size moves from the style, which the policy forbids, to attributes; one that waits still waits."""
    text = website.cleaned(page("", '<img src="a.png" style="width: 560px; height: 320px;" />'), "")
    assert '<img loading="lazy" src="a.png" width="560" height="320" />' in text
    assert '<body><img src="a.png" loading="lazy" />' in website.cleaned(
        page("", '<img src="a.png" loading="lazy" />'), ""
    )


def test_data_and_code_are_left_alone(website):
    """A data block is no script; what stands in code is text."""
    body = '<script type="application/json">{"a": 1}</script><pre>style="x" onclick="y"</pre>'
    assert body in website.cleaned(page("", body), "")


@pytest.mark.parametrize(
    ("head", "body", "named"),
    [
        ("<script>track()</script>", "", "track()"),
        ("", '<p style="color: red">', "a style"),
        ("", '<button onclick="go()">', "an event handler"),
        ("", '<i class="fa-solid fa-no-such-icon"></i>', "no icon no-such-icon"),
        ("", '<script src="https://example.org/a.js"></script>', "another site"),
        ("", '<img src="//example.org/a.png">', "another site"),
    ],
)
def test_what_the_policy_forbids_stops_the_build(website, head, body, named):
    """An upgraded theme that brings something new is noticed where the page is written, by name."""
    with pytest.raises(ExtensionError, match=re.escape(named)):
        website.cleaned(page(head, body), "")


@pytest.mark.parametrize(
    ("sheet", "expected"),
    [
        (".a{x:1}.b{x:2}", ".a{x:1}\n"),
        (".a,.b{x:1}", ".a{x:1}\n"),
        (".a:hover,.b:hover{x:1}", ".a:hover{x:1}\n"),
        (".a .b{x:1}p .a>p{x:2}table .a{x:3}", "p .a>p{x:2}\n"),
        ("#c{x:1}#d{x:2}", "#c{x:1}\n"),
        (".a:not(.b){x:1}", ".a:not(.b){x:1}\n"),
        ("[data-theme=dark] .a::before{x:1}", "[data-theme=dark] .a::before{x:1}\n"),
        ("@media (width<9px){.b{x:1}}@media print{.a{x:1}}", "@media print{.a{x:1}\n}\n"),
        (":root{--u:1;--v:var(--w);--w:2}.a{x:var(--v)}", ":root{--v:var(--w);--w:2}\n.a{x:var(--v)}\n"),
        (":root{--u:var(--v);--v:1}", ""),
        (".a::after{content:var(--pst-icon-note);x:1}", ".a::after{x:1}\n"),
        (r".a::after{content:'\f0a9';x:1}", ".a::after{x:1}\n"),
        (".a::after{content:'x'}", ".a::after{content:'x'}\n"),
        ("@keyframes k{from{x:0}}", "@keyframes k{from{x:0}}\n"),
        (".a{x:url('data:image/svg+xml;charset=utf-8,<p>')!important}", None),
    ],
)
def test_a_style_sheet_keeps_what_is_used(stylesheet, sheet, expected):
    """Used here: the classes a, p as an element and the id c; `None` stands for the sheet as it is."""
    text = stylesheet.reduced(sheet, {"a", "p", "c"})
    assert text.replace('"', "'") == (sheet + "\n" if expected is None else expected)


def test_the_site_has_one_sheet_of_all(stylesheet, tmp_path):
    """Imports are followed; a later build that writes no page knows the list, and finds a new class."""
    static = tmp_path / "_static"
    (static / "styles").mkdir(parents=True)
    (static / "styles/one.css").write_text('@import "../base.css";.a{x:1}.later{x:2}')
    (static / "base.css").write_text("p{x:0}")
    (tmp_path / "index.html").write_text('<p class="a">')
    stylesheet.note(["../_static/styles/one.css?v=3"])
    stylesheet.write(tmp_path)
    assert (static / "site.css").read_text().partition("*/\n")[2] == "p{x:0}\n.a{x:1}\n"
    (tmp_path / "index.html").write_text('<p class="a later">')
    stylesheet.write(tmp_path)
    assert (static / "site.css").read_text().partition("*/\n")[2] == "p{x:0}\n.a{x:1}\n.later{x:2}\n"
