from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import ConfigError
from gate.store.rows import read_rows, same_file

ROW = b'{"case": "a", "failed": false}\n'


def test_rows_come_with_the_numbers_of_their_lines(tmp_path) -> None:
    path = tmp_path / "old.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + ROW + b"\n  \r\n" + ROW.replace(b'"a"', '"é"'.encode())[:-1])
    assert list(read_rows(path)) == [
        (1, {"case": "a", "failed": False}),
        (4, {"case": "é", "failed": False}),
    ]


def test_a_file_without_a_line_has_no_rows(tmp_path) -> None:
    path = tmp_path / "old.jsonl"
    path.write_bytes(b"")
    assert list(read_rows(path)) == []


@pytest.mark.parametrize(
    ("content", "says", "fix"),
    [
        pytest.param(ROW + b"{]\n", ":2: not JSON: ", "one JSON object a line", id="broken"),
        pytest.param(ROW + ROW[:20], ":2: the last line is cut short: ", "to its end", id="cut"),
        pytest.param(ROW + b'{"a": NaN}\n', ":2: not JSON: NaN is no JSON", "one JSON", id="nan"),
        pytest.param(b'{"a": -Infinity}\n', ":1: not JSON: -Infinity is", "one JSON", id="inf"),
        pytest.param(b"[1]\n", ":1: not a JSON object", "one JSON object a line", id="list"),
        pytest.param(b'"a"\n', ":1: not a JSON object", "one JSON object a line", id="text"),
        pytest.param(ROW * 2 + b'{"case": "\xff"}\n', ":3: not UTF-8: ", "", id="latin-1"),
        pytest.param(b"[" * 100_000 + b"\n", ":1: not JSON: ", "one JSON", id="too-deep"),
        pytest.param(b'{"a": ' + b"1" * 5000 + b"}\n", ":1: not JSON: ", "one JSON", id="too-long"),
        pytest.param(
            b'{"a": 1}{"a": 2}\n', ":1: not JSON: Extra data", "one JSON", id="two-a-line"
        ),
    ],
)
def test_what_is_no_row_is_named_with_its_line(tmp_path, content, says, fix) -> None:
    path = tmp_path / "old.jsonl"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        list(read_rows(path))
    assert f"{path}{says}" in str(caught.value)
    assert fix in caught.value.fix


def test_a_file_that_cannot_be_read_is_named(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"none\.jsonl: no such file"):
        list(read_rows(tmp_path / "none.jsonl"))
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        list(read_rows(tmp_path))


def test_one_file_is_known_by_any_of_its_names(tmp_path) -> None:
    path, link, other = (tmp_path / name for name in ("a", "b", "c"))
    path.write_bytes(ROW)
    link.symlink_to(path)
    other.write_bytes(ROW)
    assert same_file(path, link)
    assert not same_file(path, other)
    assert not same_file(path, tmp_path / "none")
    assert not same_file(path, tmp_path / "\0")


@given(st.lists(st.dictionaries(st.text(), st.none() | st.text() | st.integers() | st.booleans())))
def test_what_is_written_reads_back_equal(tmp_path_factory, rows) -> None:
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert [row for _, row in read_rows(path)] == rows


def test_a_key_that_stands_twice_is_refused(tmp_path) -> None:
    # The last one would silently win: this row would pass as usable.
    path = tmp_path / "rows.jsonl"
    path.write_text('{"case": "a", "failed": true, "failed": false}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"rows\.jsonl:1: not JSON: key 'failed' stands twice"):
        list(read_rows(path))
