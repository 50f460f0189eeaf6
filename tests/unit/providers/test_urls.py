from __future__ import annotations

import pytest

from gate.errors import ConfigError
from gate.providers.urls import check_url, is_loopback


@pytest.mark.parametrize(
    ("url", "checked"),
    [
        ("https://a.example/v1", "https://a.example/v1"),
        ("https://a.example/v1/", "https://a.example/v1"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000//", "http://[::1]:8000"),
    ],
)
def test_a_url_loses_its_last_slash(url: str, checked: str) -> None:
    assert check_url(url, where="p") == checked


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("a.example/v1", id="no-scheme"),
        pytest.param("file:///etc/passwd", id="a-file"),
        pytest.param("ftp://a.example", id="another-scheme"),
        pytest.param("http://", id="no-host"),
        pytest.param("http://[::1", id="half-a-bracket"),
        pytest.param("http://a.example:port", id="a-port-in-words"),
        pytest.param("http://a.example:99999", id="a-port-too-large"),
    ],
)
def test_what_is_no_url_is_an_error_that_says_where(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^p\.prompt\.yml: .* is no http\(s\) URL"):
        check_url(url, where="p.prompt.yml")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:1", True),
        ("http://LOCALHOST", True),
        ("http://127.0.0.1/v1", True),
        ("http://[::1]:80", True),
        ("http://localhost.example", False),
        ("http://127.0.0.1.example", False),
        ("http://127.0.0.1@a.example", False),
        ("https://a.example/localhost", False),
    ],
)
def test_only_this_machine_is_loopback(url: str, expected: bool) -> None:  # noqa: FBT001 -- a table
    assert is_loopback(url) is expected
