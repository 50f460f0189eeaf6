from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gate.core.label import DECISIONS, label_of
from gate.core.labels import gather_labels
from gate.errors import ConfigError
from gate.store.labels import read_labels

ROW = '{"case": "a", "output": "x", "decision": "accepted"}\n'
UNDECIDED = "a file without decisions teaches nothing; add some"
HEAD = "case,output,decision\n"
LOGS = "case,output,decision,mean_logprob\na,x,edited,"
OBJECT = "one JSON object a line"
CSV = "write it as JSON lines, or to its end as CSV with each quote in a cell doubled"
COLUMNS = (
    "known: case, input, output, decision, final, segment, reviewer, at, cluster, prompt, "
    "mean_logprob, min_logprob"
)
TWICE = "stands here twice, or as a whole and in parts"
COMMA = "put a cell that holds a comma in quotes"
UTF_8 = "write the file in UTF-8"
DECISION = "decision: 'Accepted' is unknown; known: accepted, edited, rejected"
CUT = "give each column a cell; if this is the last row, write the file again, to its end"


@pytest.fixture
def read(tmp_path):
    """Return a function that reads a file of this name and content."""

    def labels(name: str, content: str | bytes):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_labels(path)

    return labels


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte-order-mark"])
def test_a_label_reads_the_same_from_both_formats(read, mark) -> None:
    told = {
        "input": {"zip": "01234", "text": 'a, "b"', "note": ""},
        "output": "",
        "final": "done",
        "segment": {"channel": "email", "version": "1.10"},
        "reviewer": "ann",
        "at": "2026-05-01T10:00:00Z",
        "cluster": "7",
        "prompt": "0f",
        "mean_logprob": -0.5,
        "min_logprob": -1.25,
    }
    head = (
        "input.zip,input.text,input.note,output,final,segment.channel,segment.version,segment.vip,"
        "reviewer,at,cluster,prompt,mean_logprob,min_logprob\r\n"
    )
    row = '01234,"a, ""b""",,,done,email,1.10,,ann,2026-05-01T10:00:00Z,7,0f,-.5,-1.25E0\r\n'
    (from_csv,) = read("l.CSV", mark + (head + row).encode()).rows
    (from_json,) = read("l.jsonl", mark + json.dumps(told).encode()).rows
    assert from_json == label_of(told, 1)
    assert from_csv == replace(from_json, line=2)


def test_an_empty_cell_is_absent_but_for_an_output(read) -> None:
    found = read(
        "l.csv",
        "case,input.x,input.y,output,decision,final,segment,reviewer,at,mean_logprob\n"
        "a,,,,rejected,,,,,\n"
        ",,b,y,,y,vip,,,-1\n",
    )
    rows = [
        {"case": "a", "output": "", "decision": "rejected"},
        {"input": {"x": "", "y": "b"}, "output": "y", "final": "y", "segment": "vip"},
    ]
    first, second = (label_of(row, line) for line, row in enumerate(rows, start=2))
    assert found.rows == (first, replace(second, mean_logprob=-1.0))


@pytest.mark.parametrize(
    ("name", "content", "lines"),
    [
        pytest.param("l.jsonl", f"\n{ROW}\n{ROW}", [2], id="jsonl"),
        pytest.param(
            "l.csv", f'\n{HEAD}\na,"x\ny",edited\n\nb,x,edited', [4, 7], id="a-cell-of-two-lines"
        ),
    ],
)
def test_a_label_knows_its_line(read, name, content, lines) -> None:
    assert [each.line for each in read(name, content).rows] == lines


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param(
            "l.jsonl",
            ROW * 2 + ROW.replace("accepted", "rejected") + ROW.replace('"a"', '"b"'),
            id="jsonl",
        ),
        pytest.param("l.csv", HEAD + "a,x,accepted\n" * 2 + "a,x,rejected\nb,x,edited", id="csv"),
    ],
)
def test_rows_that_repeat_and_rows_that_disagree_are_counted(read, name, content) -> None:
    found = read(name, content)
    assert (len(found.rows), found.duplicates, found.disagreements) == (3, 1, 1)


def bad(name, content, says, fix, file="l.csv"):
    return pytest.param(file, content, says, fix, id=name)


def bad_json(name, content, says, fix):
    return bad(name, content, says, fix, file="l.jsonl")


@pytest.mark.parametrize(
    ("file", "content", "says", "fix"),
    [
        bad_json("broken-json", ROW + "{]\n", ":2: not JSON: ", OBJECT),
        bad_json("cut-json", ROW + ROW[:20], ":2: the last line is cut short: ", "write the file"),
        bad_json("key-twice", '{"at": "", "at": ""}\n', ":1: not JSON: key 'at' stands", OBJECT),
        bad_json("nan", '{"logprobs": [NaN]}\n', ":1: not JSON: NaN is no JSON", OBJECT),
        bad_json("no-object", ROW + "[]\n", ":2: not a JSON object", OBJECT),
        bad_json("not-utf-8", ROW.encode() + b"\xff", ":2: not UTF-8: ", UTF_8),
        bad_json("row", ROW + ROW.replace("acc", "Acc"), ":2: " + DECISION, "did you mean 'acc"),
        bad("row-of-csv", HEAD + "a,x,edited\nb,y,Accepted\n", ":3: " + DECISION, "did you mean"),
        bad("nan-cell", LOGS + "nan\n", ":2: mean_logprob: 'nan' is no log", "write natural logs"),
        bad("odd-cell", LOGS + "-1_0\n", ":2: mean_logprob: '-1_0' is no", "write natural logs"),
        bad("infinite", LOGS + "-1e999\n", ":2: mean_logprob: -inf is no", "write natural logs"),
        bad("too-few-cells", HEAD + "a,b\n", ":2: 2 cells under 3 columns", CUT),
        bad("too-many-cells", HEAD + "a,b,c,d\n", ":2: 4 cells under 3 columns", COMMA),
        bad("open-quote", HEAD + 'a,"x\n\nb', ":2: broken CSV: unexpected end of data", CSV),
        bad("quote-in-a-cell", HEAD + 'a,"x"y,z\n', ":2: broken CSV: ", CSV),
        bad("long-cell", HEAD + "a," + "x" * 200_000, ":2: broken CSV: field larger", CSV),
        bad("latin-1", HEAD.encode() + b"a,\xe9,edited\n", ":2: not UTF-8: ", UTF_8),
        bad("near-column", "Cases.x\n", ":1: unknown column 'Cases.x'", "did you mean 'case'?"),
        bad("far-column", "zzz\n", ":1: unknown column 'zzz'", COLUMNS),
        bad("no-part", "input.\n", ":1: unknown column 'input.'", "did you mean 'input'?"),
        bad("no-parts", "case.x\n", ":1: unknown column 'case.x'", "did you mean 'case'?"),
        bad("list", "logprobs\n", ":1: unknown column 'logprobs'", "write 'mean_logprob' and 'min"),
        bad("column-twice", "case,case\n", f":1: column 'case' {TWICE}", "remove one; the other"),
        bad("whole-and-part", "input.x,input\n", f":1: column 'input.x' {TWICE}", "remove one; "),
        bad_json("empty-jsonl", "\n", ": no labels", UNDECIDED),
        bad("empty-csv", "", ": no labels", UNDECIDED),
        bad(
            "only-a-header",
            HEAD,
            ": no labels",
            UNDECIDED,
        ),
        bad("suffix", ROW, ": labels are read from .jsonl or .csv", "name it as", file="l.txt"),
    ],
)
def test_what_is_no_label_is_refused_with_its_line(
    read, tmp_path, file, content, says, fix
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(file, content)
    assert str(caught.value).startswith(f"{tmp_path / file}{says}")
    assert caught.value.fix.startswith(fix)


@pytest.mark.parametrize("key", ["input", "output", "reviewer"])
def test_a_value_of_any_depth_is_read_or_refused_with_its_line(read, key) -> None:
    rest = {"output": "x", "final": "x", **({} if key == "input" else {"case": "a"})}

    def refused(depth: int) -> str:
        deep = '{"a":' * depth + "1" + "}" * depth
        try:
            read("l.jsonl", json.dumps({**rest, key: None}).replace("null", deep) + "\n")
        except ConfigError as error:
            return str(error)
        return ""

    # The deepest that is read as JSON is too deep for what is called from further down.
    said = [refused(depth) for depth in range(900, 1000)]
    assert all("l.jsonl:1: " in each for each in said if each)
    assert bool(refused(9)) is (key == "reviewer")


def test_a_file_that_cannot_be_read_is_named(tmp_path) -> None:
    for name in ("none.jsonl", "none.csv"):
        with pytest.raises(ConfigError, match=rf"{name}: no such file"):
            read_labels(tmp_path / name)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ConfigError, match=r"folder\.csv: cannot be read: Is a directory"):
        read_labels(tmp_path / "folder.csv")


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
NAME = TEXT.filter(bool)
SAID = {
    "segment": st.dictionaries(st.sampled_from(["a", "b.c", "é"]), NAME),
    "reviewer": st.sampled_from(["ann", "bob"]),
    "at": st.datetimes().map(datetime.isoformat),
    "cluster": NAME,
    "prompt": NAME,
    "mean_logprob": st.floats(-9, 0),
    "min_logprob": st.floats(-18, -9),
}
DECIDED = {"output": TEXT, "decision": st.sampled_from(DECISIONS)}
INPUT = st.fixed_dictionaries({"x": TEXT, "y.z": NAME})
ROWS = st.fixed_dictionaries({"case": NAME, **DECIDED}, optional=SAID) | st.fixed_dictionaries(
    {"input": INPUT, **DECIDED}, optional=SAID
)


@given(st.lists(ROWS, min_size=1, max_size=4))
@example([{"case": "a\rb\nc", "output": "\x85\u2028\r", "decision": "edited"}])
def test_what_is_written_to_both_formats_reads_back_equal(tmp_path_factory, rows) -> None:
    folder = tmp_path_factory.mktemp("labels")
    (folder / "l.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    flat = [
        {
            f"{key}.{part}" if part else key: cell
            for key, value in row.items()
            for part, cell in (value if isinstance(value, dict) else {"": value}).items()
        }
        for row in rows
    ]
    with (folder / "l.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, sorted({column for row in flat for column in row}))
        writer.writeheader()
        writer.writerows(flat)
    from_json, from_csv = (read_labels(folder / name) for name in ("l.jsonl", "l.csv"))
    assert from_json == gather_labels(label_of(row, n) for n, row in enumerate(rows, start=1))
    # A row may take several lines of a CSV file.
    unplaced = [
        replace(each, rows=tuple(replace(row, line=0) for row in each.rows))
        for each in (from_json, from_csv)
    ]
    assert unplaced[0] == unplaced[1]
