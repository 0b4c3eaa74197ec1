"""The server of the audit sends files as GitHub Pages does."""

import gzip
import http.client

import pytest
import scripts

TEXT, PICTURE = b"<!doctype html>" + 50 * b"<p>Text.</p>", bytes(range(256))


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """Return a function that asks a server with three files and returns status, headers and body."""
    serve = scripts.load("benchmarks/serve.py")
    folder = tmp_path_factory.mktemp("site")
    (folder / "a").mkdir()
    for name, content in (("a/b.html", TEXT), ("index.html", TEXT), ("404.html", b"?"), ("x.png", PICTURE)):
        (folder / name).write_bytes(content)
    with serve.served(folder) as address:

        def ask(path, method="GET", **headers):
            connection = http.client.HTTPConnection(address.removeprefix("http://").rstrip("/"), timeout=10)
            connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
            response = connection.getresponse()
            result = response.status, response.headers, response.read()
            connection.close()
            return result

        yield ask


def test_text_is_packed_for_those_who_can_unpack(ask):
    """With gzip where the browser takes it, as it is where not."""
    status, headers, body = ask("/a/b.html", Accept_Encoding="gzip, br")
    assert (status, headers["Content-Encoding"]) == (200, "gzip")
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert gzip.decompress(body) == TEXT and int(headers["Content-Length"]) == len(body) < len(TEXT)
    _, headers, body = ask("/a/b.html")
    assert "Content-Encoding" not in headers and body == TEXT


def test_pictures_are_not_packed(ask):
    """They are already; unpacking would cost time."""
    _, headers, body = ask("/x.png", Accept_Encoding="gzip")
    assert "Content-Encoding" not in headers and body == PICTURE
    assert headers["Content-Type"] == "image/png"


def test_a_browser_may_keep_a_file_and_ask_whether_it_changed(ask):
    """For ten minutes; then the ETag says whether it is still the same, and nothing is sent again."""
    _, headers, _ = ask("/a/b.html")
    assert headers["Cache-Control"] == "max-age=600"
    assert ask("/a/b.html", If_None_Match=headers["ETag"])[::2] == (304, b"")
    assert ask("/a/b.html", If_None_Match='"other"')[0] == 200


def test_only_the_head_on_request(ask):
    """HEAD tells the length and sends nothing."""
    status, headers, body = ask("/x.png", "HEAD")
    assert (status, headers["Content-Length"], body) == (200, "256", b"")


@pytest.mark.parametrize("path", ["/", "/index", "/a/b", "/a/b.html?x=1"])
def test_addresses_without_an_ending(ask, path):
    """A folder's index, and a page without .html."""
    assert ask(path)[::2] == (200, TEXT)


@pytest.mark.parametrize("path", ["/nowhere", "/a/", "/a/c.html", "/../benchmarks/serve.py"])
def test_what_is_missing_gets_the_page_for_it(ask, path):
    """With status 404; nothing outside the folder is found."""
    assert ask(path)[::2] == (404, b"?")
