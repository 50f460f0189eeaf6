from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gate.core.model import Case
from gate.core.schemas import SCHEMAS
from gate.errors import ConfigError
from gate.store.cases import read_cases
from gate.store.worktree import WorkTree

A = '{"id": "a", "input": {"x": "1"}}\n'
B = '{"id": "b", "input": "text"}\n'
FULL = Case(
    case_id="NO",
    input={"zip": "01234", "text": "a, b"},
    expected={"queue": "billing"},
    segment={"channel": "email", "version": "1.10"},
    cluster="7",
)


@pytest.fixture
def tree(tmp_path) -> WorkTree:
    return WorkTree(tmp_path)


def write(tree: WorkTree, **files: str | bytes) -> None:
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (tree.root / name.replace("_", ".")).write_bytes(data)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param(
            "c.jsonl",
            '{"id": "NO", "input": {"zip": "01234", "text": "a, b"}, '
            '"expected": {"queue": "billing"}, '
            '"segment": {"channel": "email", "version": "1.10"}, "cluster": "7"}\n',
            id="jsonl",
        ),
        pytest.param(
            "c.yaml",
            "- id: NO\n  input: {zip: 01234, text: 'a, b'}\n  expected: {queue: billing}\n"
            "  segment: {channel: email, version: 1.10}\n  cluster: 7\n",
            id="yaml-keeps-ids-and-tags-as-written",
        ),
        pytest.param(
            "c.csv",
            "id,input.zip,input.text,expected.queue,segment.channel,segment.version,cluster\r\n"
            'NO,01234,"a, b",billing,email,1.10,7\r\n',
            id="csv",
        ),
    ],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte-order-mark"])
def test_a_case_reads_the_same_from_every_format(
    tree: WorkTree, name: str, text: str, mark: bytes
) -> None:
    (tree.root / name).write_bytes(mark + text.encode())
    assert read_cases(tree, name) == (FULL,)


def test_an_absent_cell_is_no_expectation(tree: WorkTree) -> None:
    write(tree, c_csv="id,input,expected,segment.x,cluster\na,,,,\n\nb,hi,yes,1,k\n")
    assert read_cases(tree, "c.csv") == (
        Case(case_id="a", input=""),
        Case(case_id="b", input="hi", expected="yes", segment={"x": "1"}, cluster="k"),
    )


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        pytest.param("c.jsonl", f"\n{A}\n{B}", [2, 4], id="jsonl"),
        pytest.param(
            "c.yaml", "# two\n- id: a\n  input: x\n\n- id: b\n  input: y\n", [2, 5], id="yaml"
        ),
        pytest.param("c.csv", "id,input\na,x\n\nb,y\n", [2, 4], id="csv"),
    ],
)
def test_a_case_knows_its_line(tree: WorkTree, name: str, text: str, lines: list[int]) -> None:
    (tree.root / name).write_text(text)
    assert [(case.path, case.line) for case in read_cases(tree, name)] == [
        (name, line) for line in lines
    ]


def test_a_glob_reads_all_its_files_in_order(tree: WorkTree) -> None:
    write(tree, two_jsonl=A, one_jsonl=B, other_csv="id,input\nc,x\n")
    assert [case.case_id for case in read_cases(tree, "*.jsonl")] == ["b", "a"]


def test_an_id_that_two_files_use_is_refused_with_both_places(tree: WorkTree) -> None:
    write(tree, one_jsonl=A, two_jsonl=f"\n{B}{A}")
    with pytest.raises(ConfigError) as caught:
        read_cases(tree, "*.jsonl")
    assert str(caught.value) == "two.jsonl:3: case id 'a' stands already at one.jsonl:1"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        pytest.param("c.jsonl", "", "c.jsonl: no cases", id="empty-jsonl"),
        pytest.param("c.yaml", "[]", "c.yaml: no cases", id="empty-yaml"),
        pytest.param("c.csv", "id,input\n", "c.csv: no cases", id="csv-with-a-header-only"),
        pytest.param("c.jsonl", f"{A}{{\n", "c.jsonl:2: not JSON", id="broken-json"),
        pytest.param("c.jsonl", f"{A}[]\n", "c.jsonl:2: [] must be of type object", id="no-object"),
        pytest.param("c.jsonl", '{"input": "x"}\n', "c.jsonl:1: key 'id' is missing", id="no-id"),
        pytest.param("c.jsonl", '{"id": 5, "input": ""}\n', "c.jsonl:1: id: 5 must be", id="id-5"),
        pytest.param("c.jsonl", '{"id": "", "input": ""}\n', "c.jsonl:1: id: '' ", id="empty-id"),
        pytest.param(
            "c.jsonl",
            '{"id": "a", "input": "", "expect": 1}\n',
            "c.jsonl:1: unknown key 'expect'",
            id="unknown-key",
        ),
        pytest.param(
            "c.jsonl", '{"id": "a", "input": {"x": NaN}}\n', "c.jsonl:1: not JSON: NaN", id="nan"
        ),
        pytest.param(
            "c.jsonl",
            '{"id": "a", "input": {"x": ' + "[" * 100_000,
            "c.jsonl:1: not JSON",
            id="too-deep",
        ),
        pytest.param("c.jsonl", A.encode() + b'{"\xff"', "c.jsonl:2: not UTF-8", id="not-utf8"),
        pytest.param("c.csv", b"id,input\na,\xe4\n", "c.csv:2: not UTF-8", id="csv-not-utf8"),
        pytest.param("c.jsonl", A.encode("utf-16"), "c.jsonl:1: not UTF-8", id="utf-16"),
        pytest.param("c.yaml", "id: a\n", "c.yaml:1: cases in YAML are a list", id="yaml-mapping"),
        pytest.param("c.yaml", "- id: a\n", "c.yaml:1: key 'input' is missing", id="yaml-line"),
        pytest.param(
            "c.yaml",
            "- {id: a, input: x}\n- id: a\n  input: y\n",
            "c.yaml:2: case id 'a' stands already at c.yaml:1",
            id="yaml-twice",
        ),
        pytest.param(
            "c.csv", "id,inputs\na,b\n", "c.csv:1: unknown column 'inputs'", id="unknown-column"
        ),
        pytest.param(
            "c.csv", "id,input\na,b,c\n", "c.csv:2: 3 cells under 2 columns", id="too-many-cells"
        ),
        pytest.param("c.csv", 'id,input\na,"b\n', "c.csv:2: broken CSV", id="open-quote"),
        pytest.param(
            "c.csv", "id,input,input\na,b,c\n", "c.csv:1: column 'input' stands", id="column-twice"
        ),
        pytest.param(
            "c.csv",
            "id,input,input.x\na,b,c\n",
            "c.csv:1: column 'input.x' stands here twice, or as a whole and in parts",
            id="column-and-its-part",
        ),
        pytest.param("c.txt", A, "c.txt: cases are read from", id="other-suffix"),
    ],
)
def test_what_is_no_case_is_refused_with_its_line(
    tree: WorkTree, name: str, content: str | bytes, says: str
) -> None:
    (tree.root / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError) as caught:
        read_cases(tree, name)
    assert str(caught.value).startswith(says)


def test_a_glob_that_matches_nothing_is_refused(tree: WorkTree) -> None:
    with pytest.raises(ConfigError, match=r"none/\*\.jsonl: no such file"):
        read_cases(tree, "none/*.jsonl")


TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
IDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=9)


@given(st.dictionaries(IDS, st.dictionaries(TEXT, TEXT, max_size=3), min_size=1, max_size=5))
def test_what_is_written_as_json_lines_reads_back_equal(tmp_path_factory, cases) -> None:
    tree = WorkTree(tmp_path_factory.mktemp("cases"))
    lines = [json.dumps({"id": key, "input": given}) for key, given in cases.items()]
    write(tree, c_jsonl="\n".join(lines))
    assert {case.case_id: case.input for case in read_cases(tree, "c.jsonl")} == cases


ODD = (
    st.none() | st.integers(0, 9) | st.text(max_size=3) | st.lists(st.text(max_size=2), max_size=2)
)
ROWS = st.fixed_dictionaries(
    {},
    optional={
        "id": ODD | st.sampled_from(["a", "a b", " a", "", "a" * 99, "a" * 100, "a" * 201, "a\n"]),
        "input": ODD | st.dictionaries(TEXT, ODD, max_size=2),
        "expected": ODD,
        "segment": ODD | st.dictionaries(TEXT, ODD, max_size=2),
        "cluster": ODD,
        "other": ODD,
    },
)


@given(ROWS)
@example({"id": "a" * 100, "input": "x"})
@example({"id": "a" * 200, "input": "x"})
@example({"id": "a" * 201, "input": "x"})
@example({"id": " a", "input": "x"})
@example({"id": 1, "input": "x"})
@example({"id": "a", "input": ["x"]})
@example({"id": "a", "input": "x", "segment": {"tag": 1}})
@example({"id": "a", "input": "x", "segment": None})
@example({"id": "a", "input": "x", "other": 1})
def test_a_row_is_accepted_exactly_if_the_schema_accepts_it(tmp_path_factory, row) -> None:
    folder = tmp_path_factory.getbasetemp() / "any-row"
    folder.mkdir(exist_ok=True)
    tree = WorkTree(folder)
    write(tree, c_jsonl=json.dumps(row) + "\n")
    if Draft202012Validator(SCHEMAS["case"]).is_valid(row):
        assert [case.case_id for case in read_cases(tree, "c.jsonl")] == [row["id"]]
    else:
        with pytest.raises(ConfigError):
            read_cases(tree, "c.jsonl")
