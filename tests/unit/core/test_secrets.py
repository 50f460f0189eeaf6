from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.secrets import Secrets

KEY = 'sk-/+ "ä"?>-9876543210'


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(KEY, id="alone"),
        pytest.param(f"before{KEY}after", id="plain"),
        pytest.param(json.dumps({"key": KEY}), id="json"),
        pytest.param(json.dumps({"key": KEY}, ensure_ascii=False), id="json-with-its-letters"),
        pytest.param(f"https://example.invalid/{quote(KEY, safe='')}/x", id="url-path"),
        pytest.param(f"https://example.invalid/?key={quote_plus(KEY)}&x", id="url-query"),
        *[
            pytest.param(
                encode(("a" * shift + KEY + tail).encode()).decode(),
                id=f"{encode.__name__}-{shift}-then-{len(tail)}",
            )
            for encode in (base64.b64encode, base64.urlsafe_b64encode)
            for shift in range(3)
            for tail in ("", "b", "bc", "bcd")
        ],
    ],
)
def test_a_secret_is_found_in_every_form(text):
    assert Secrets({"OPENAI_API_KEY": KEY}).found_in(text) == "OPENAI_API_KEY"


@given(
    before=st.binary(max_size=20),
    secret=st.text(st.characters(codec="utf-8"), min_size=12, max_size=40),
    after=st.binary(max_size=20),
)
def test_base64_hides_no_secret_wherever_it_stands(before, secret, after):
    secrets = Secrets({"A_TOKEN": f"s{secret}t"})
    encoded = base64.b64encode(before + f"s{secret}t".encode() + after).decode()
    assert secrets.found_in(encoded) == "A_TOKEN"


def test_a_form_worked_by_hand():
    # base64 of "xpassword1": eHBhc3N3b3JkMQ==; of "password1" alone: cGFzc3dvcmQx
    secrets = Secrets({"DB_PASSWORD": "password1"})
    assert secrets.found_in("eHBhc3N3b3JkMQ==") == "DB_PASSWORD"
    assert secrets.found_in("cGFzc3dvcmQx") == "DB_PASSWORD"


@pytest.mark.parametrize(
    "name",
    [
        "OPENAI_API_KEY",
        "GITHUB_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "client_secret",
        "PGPASSWORD",
        "MYSQL_PASSWD",
        "SERVICE_CREDENTIALS",
        "KEYS_OF_THE_HOUSE",
    ],
)
def test_a_name_tells_a_secret(name):
    assert Secrets({name: "0123456789"}).found_in("0123456789") == name


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        pytest.param({"HOME": "/home/somebody"}, "/home/somebody", id="a-name-like-any-other"),
        pytest.param({"KEYBOARD": "0123456789"}, "0123456789", id="a-word-that-begins-like-one"),
        pytest.param({"API_KEY": "1234567"}, "1234567", id="too-short-to-tell"),
        pytest.param({"API_KEY": "  1234567  "}, "  1234567  ", id="too-short-without-blanks"),
        pytest.param({"API_KEY": ""}, "anything", id="empty"),
        pytest.param({"API_KEY": "0123456789"}, "012345678", id="only-a-part"),
        pytest.param({}, "anything", id="no-environment"),
    ],
)
def test_innocent_text_stays_innocent(environment, text):
    assert Secrets(environment).found_in(text) is None


def test_eight_characters_are_long_enough():
    assert Secrets({"API_KEY": " 12345678\n"}).found_in("x12345678x") == "API_KEY"
