from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import ConfigError
from gate.store.yaml_text import parse_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("true", True, id="bool"),
        pytest.param("FALSE", False, id="bool-in-capitals"),
        pytest.param("NO", "NO", id="norway-is-no-false"),
        pytest.param("on", "on", id="on-is-no-bool"),
        pytest.param("~", None, id="tilde-is-null"),
        pytest.param("12", 12, id="int"),
        pytest.param("-0.5e3", -500.0, id="float-with-exponent"),
        pytest.param("1.10", 1.1, id="a-number-as-json-reads-it"),
        pytest.param("01234", "01234", id="a-postcode-stays-text"),
        pytest.param("01.5", "01.5", id="a-leading-zero-is-no-number"),
        pytest.param("0x1F", "0x1F", id="hexadecimal-stays-text"),
        pytest.param("1_000", "1_000", id="underscores-stay-text"),
        pytest.param("12:30:45", "12:30:45", id="a-time-is-no-sexagesimal"),
        pytest.param("2026-01-31", "2026-01-31", id="a-date-stays-text"),
        pytest.param("'1'", "1", id="quoted-stays-text"),
        pytest.param("9" * 5000, "9" * 5000, id="more-digits-than-python-converts"),
        pytest.param("!!str 1.10", "1.10", id="an-explicit-text"),
    ],
)
def test_only_jsons_scalars_are_typed(text: str, value: object) -> None:
    found = parse_yaml(f"key: {text}\n".encode(), "f").value["key"]
    assert found == value
    assert type(found) is type(value)


def test_what_the_caller_names_stays_as_written() -> None:
    document = parse_yaml(b"- {id: 1.10, n: 1.10}", "f", as_text=lambda path: path[1:] == ("id",))
    assert document.value == [{"id": "1.10", "n": 1.1}]


def test_a_value_knows_its_line() -> None:
    document = parse_yaml(b"a: 1\nb:\n  - c: 2\n    d:\n      e: 3\n", "f.yaml")
    assert document.where(("b", 0, "d", "e")) == "f.yaml:5"
    assert document.line(("b", 0)) == 3
    assert document.line(("b", 0, "d", "nothing", "below")) == 4
    assert document.line(("nothing",)) == 1


def test_an_empty_text_is_null_and_a_byte_order_mark_is_no_key() -> None:
    assert parse_yaml(b"", "f").value is None
    assert parse_yaml(b"\xef\xbb\xbfa: 1\n", "f").value == {"a": 1}


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("a: 1\nb: [1\nc: 2\n", "f:3: broken YAML: ", id="open-bracket"),
        pytest.param("a:\n\tb: 1\n", "f:2: broken YAML: ", id="tab"),
        pytest.param("a: *nowhere\n", "f:1: broken YAML: found undefined alias", id="no-anchor"),
        pytest.param("a: 1\n---\nb: 2\n", "f:2: broken YAML: ", id="two-documents"),
        pytest.param("a: \x01\n", "f: broken YAML: ", id="control-character"),
        pytest.param("a: 1\nb: 2\na: 3\n", "f:3: key 'a' stands here twice", id="repeated-key"),
        pytest.param("x:\n  a: 1\n  a: 1\n", "f:3: key 'a' stands here twice", id="equal-values"),
        pytest.param("a: &x {b: 1}\nc:\n  <<: *x\n", "f:3: a key must be plain text", id="merge"),
        pytest.param("? [a]\n: 1\n", "f:1: a key must be plain text", id="list-as-key"),
        pytest.param("a: 1\nb: !x 5\n", "f:2: the tag '!x' is not allowed", id="own-tag"),
        pytest.param("a: !x {b: 1}\n", "f:1: the tag '!x' is not allowed", id="tagged-mapping"),
        pytest.param("a: !x [1]\n", "f:1: the tag '!x' is not allowed", id="tagged-list"),
        pytest.param(
            "!!python/object/apply:os.system [echo]\n", "f:1: the tag ", id="python-object"
        ),
        pytest.param("a: !!bool yes\n", "f:1: the tag ", id="bool-that-would-become-false"),
        pytest.param("a: !!int abc\n", "f:1: the tag ", id="int-that-is-none"),
        pytest.param("a: !!float .inf\n", "f:1: the tag ", id="infinity"),
        pytest.param("a: !!binary aGk=\n", "f:1: the tag ", id="binary"),
        pytest.param("a: &x [*x]\n", "f:1: too large or too deep", id="alias-of-itself"),
        pytest.param(BOMB, "too large or too deep", id="aliases-of-aliases"),
        pytest.param("[" * 300 + "]" * 300, "f:1: too large or too deep", id="deep"),
        pytest.param(
            "[" * 5000 + "]" * 5000,
            "f:1: too large or too deep",
            id="deeper-than-libyaml-goes-itself",
        ),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text.encode(), "f")
    assert says in str(caught.value)


def test_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(ConfigError, match="f: not UTF-8"):
        parse_yaml("ä: 1".encode("latin-1"), "f")


KEYS = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1).filter(
    lambda key: key != "<<"
)
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    # YAML takes a few characters only when they are escaped, which JSON does not ask for.
    | st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"))),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(JSON_VALUES)
def test_json_is_read_as_json_reads_it(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False)  # YAML knows no pairs of surrogates
    assert parse_yaml(text.encode(), "f").value == json.loads(text)
