from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.canonical import canonical_json, digest, seed_of

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}', id="keys-are-sorted"),
        pytest.param({"z": {"b": 1, "a": 2}}, '{"z":{"a":2,"b":1}}', id="inner-keys-too"),
        pytest.param("é😀", '"é😀"', id="letters-stay-letters"),
        pytest.param('"\n', '"\\"\\n"', id="what-json-itself-escapes"),
        pytest.param("\ud800", '"\\ud800"', id="a-lone-surrogate-is-escaped"),
        pytest.param([1, 1.0, -0.5], "[1,1.0,-0.5]", id="numbers-as-they-are"),
    ],
)
def test_a_value_has_one_text(value, text):
    assert canonical_json(value) == text


@given(JSON_VALUES)
def test_what_is_written_reads_back_equal(value):
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_the_order_of_keys_changes_nothing(value):
    reverse = dict(reversed(value.items()))
    assert canonical_json(reverse) == canonical_json(value)
    assert digest(reverse) == digest(value)


def test_a_digest_is_the_first_half_of_the_sha_256_that_any_other_tool_computes():
    # printf '{}' | sha256sum
    whole = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert digest({}) == whole[:32]


def test_a_digest_of_what_utf_8_cannot_carry_exists():
    assert digest("\ud800") != digest("\ud801")


@given(st.text(), st.integers(0, 999), st.integers())
def test_a_seed_fits_into_31_bits(request_digest, repeat, seed):
    assert 0 <= seed_of(request_digest, repeat, seed) < 2**31


def test_a_seed_is_the_first_31_bits_of_the_digest():
    # printf '["d",0,7]' | sha256sum | cut -c1-8, halved
    assert seed_of("d", 0, 7) == 0x73CEC1C2 >> 1


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(("e", 0, 7), id="of-another-request"),
        pytest.param(("d", 1, 7), id="of-another-repeat"),
        pytest.param(("d", 0, 8), id="under-another-seed-of-the-run"),
    ],
)
def test_each_trial_has_a_seed_of_its_own(other):
    assert seed_of(*other) != seed_of("d", 0, 7)
