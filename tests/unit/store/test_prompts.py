from __future__ import annotations

import json

import pytest

from gate.core.model import Case, Message, Price
from gate.errors import ConfigError
from gate.store.prompts import read_prompt
from gate.store.worktree import WorkTree

# As the documentation of GitHub Models shows it, judge and similarity evaluators included.
GITHUB = """\
name: Text Summarizer
description: Summarizes input text concisely
model: openai/gpt-4o-mini
modelParameters:
  temperature: 0.5
messages:
  - role: system
    content: You are a text summarizer. Your only job is to summarize text given to you.
  - role: user
    content: |
      Summarize the given text, beginning with "Summary -":
      <text>
      {{input}}
      </text>
testData:
  - input: |
      The quick brown fox jumped over the lazy dog.
      The dog was too tired to react.
    expected: Summary - A fox jumped over a lazy, unresponsive dog.
  - input: NO
    expected: 1.10
evaluators:
  - name: Output should start with 'Summary -'
    string:
      startsWith: 'Summary -'
  - name: polite
    string: {contains: please, endsWith: '.'}
  - name: similarity
    uses: github/similarity
  - name: judge
    llm:
      modelId: openai/gpt-4o
      prompt: Is it good?
      choices: [{choice: good, score: 1}]
"""
PLAIN = "model: openai/m\nmessages:\n  - {role: user, content: hi}\n"


@pytest.fixture
def tree(tmp_path) -> WorkTree:
    return WorkTree(tmp_path)


def read(tree: WorkTree, text: str, name: str = "p.prompt.yml"):
    (tree.root / name).write_text(text, encoding="utf-8")
    return read_prompt(tree, name, disk=tree)


def test_a_prompt_file_of_github_models_is_read_unchanged(tree: WorkTree) -> None:
    prompt = read(tree, GITHUB)
    assert (prompt.name, prompt.path) == ("Text Summarizer", "p.prompt.yml")
    assert (prompt.provider, prompt.model_name) == ("openai", "gpt-4o-mini")
    assert prompt.parameters == {"temperature": 0.5}
    assert prompt.messages[1] == Message(
        role="user",
        content='Summarize the given text, beginning with "Summary -":\n'
        "<text>\n{{input}}\n</text>\n",
    )
    assert [check.code for check in prompt.evaluators] == ["starts_with", "contains", "ends_with"]
    assert prompt.evaluators[0].value == "Summary -"
    first, second = prompt.test_data
    assert first.expected == "Summary - A fox jumped over a lazy, unresponsive dog."
    assert second == Case(case_id=second.case_id, input={"input": "NO"}, expected="1.10")
    assert first.case_id.startswith("case-")
    assert first.case_id != second.case_id


def test_evaluators_that_need_a_judge_are_named(tree: WorkTree) -> None:
    assert read(tree, GITHUB).notes == (
        "p.prompt.yml: evaluator 'similarity' needs a judge; not used",
        "p.prompt.yml: evaluator 'judge' needs a judge; not used",
    )


def test_a_model_without_a_slash_is_of_openai(tree: WorkTree) -> None:
    assert read(tree, PLAIN.replace("openai/m", "gpt-4o")).model == "openai/gpt-4o"


def test_keys_of_our_own_are_read(tree: WorkTree) -> None:
    own = f"{PLAIN}baseUrl: https://models.example/v1\nprice: {{input: 0.15, output: 0.6}}\n"
    prompt = read(tree, own)
    assert prompt.base_url == "https://models.example/v1"
    assert prompt.price == Price(input=0.15, output=0.6)
    assert prompt.name == "p.prompt.yml"


SCHEMA = {"name": "answer", "strict": True, "schema": {"type": "object"}}


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        pytest.param(f"'{json.dumps(SCHEMA)}'", SCHEMA, id="text"),
        pytest.param(json.dumps(SCHEMA), SCHEMA, id="mapping"),
        pytest.param(f"'{json.dumps(SCHEMA['schema'])}'", SCHEMA, id="a-bare-schema"),
        pytest.param(
            '{"schema": {"type": "array"}}',
            {"name": "answer", "schema": {"type": "array"}},
            id="without-a-name",
        ),
    ],
)
def test_a_json_schema_is_text_or_a_mapping(tree: WorkTree, written: str, read_as) -> None:
    prompt = read(tree, f"{PLAIN}responseFormat: json_schema\njsonSchema: {written}\n")
    assert prompt.json_schema == read_as
    assert prompt.response_format == "json_schema"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        pytest.param("modelParams: {}\n", "p.prompt.yml:4: unknown key 'modelParams'", id="key"),
        pytest.param(
            "responseFormat: json_schema\n", "p.prompt.yml:4: responseFormat is json_schema, but",
            id="schema-missing",
        ),
        pytest.param("jsonSchema: '{'\n", "p.prompt.yml:4: jsonSchema is not JSON", id="broken"),
        pytest.param(
            "jsonSchema: '[]'\n", "p.prompt.yml:4: jsonSchema must be an object", id="list"
        ),
        pytest.param("baseUrl: file:///etc\n", "p.prompt.yml:4: baseUrl: ", id="file-url"),
        pytest.param("price: {input: 1}\n", "p.prompt.yml:4: price: key 'output'", id="price"),
        pytest.param(
            "depends: [a]\n", "p.prompt.yml:4: 'depends' goes with a command/ model", id="depends"
        ),
        pytest.param(
            "testData: [{x: a, expected: b}, {x: a}]\n", "p.prompt.yml:4: the case 'case-",
            id="one-case-twice",
        ),
        pytest.param(
            "testData:\n  - {id: k, x: a}\n  - {id: k, x: b}\n",
            "p.prompt.yml:6: the case 'k' stands here twice", id="one-id-twice",
        ),
        pytest.param(
            "testData: [{id: [k], x: a}]\n", "p.prompt.yml:4: its id must be plain text",
            id="id-that-is-a-list",
        ),
        pytest.param(
            "evaluators: [{name: n, string: {regex: x}}]\n",
            "p.prompt.yml:4: unknown key 'evaluators.0.string.regex'", id="unknown-string-rule",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(tree: WorkTree, more: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tree, PLAIN + more)
    assert str(caught.value).startswith(says)


def test_a_missing_prompt_is_named(tree: WorkTree) -> None:
    with pytest.raises(ConfigError, match=r"p.yml: no such file"):
        read_prompt(tree, "p.yml")


@pytest.mark.parametrize(
    "more",
    ["name: other\n", "description: d\n", "price: {input: 1, output: 1}\n",
     "testData: [{x: a}]\n", "evaluators: [{name: n, string: {equals: x}}]\n", "# a comment\n"],
)  # fmt: skip
def test_what_cannot_change_an_answer_is_not_in_the_fingerprint(tree: WorkTree, more: str) -> None:
    assert read(tree, PLAIN + more).fingerprint == read(tree, PLAIN).fingerprint


@pytest.mark.parametrize(
    "other",
    [
        PLAIN.replace("hi", "ho"),
        PLAIN.replace("openai/m", "openai/n"),
        PLAIN.replace("user", "system"),
        f"{PLAIN}modelParameters: {{temperature: 0}}\n",
        f"{PLAIN}baseUrl: https://x.example\n",
        f"{PLAIN}responseFormat: json_object\n",
    ],
)
def test_what_can_change_an_answer_is_in_the_fingerprint(tree: WorkTree, other: str) -> None:
    assert read(tree, other).fingerprint != read(tree, PLAIN).fingerprint


WORKER = "model: command/python w.py\nmessages: [{role: user, content: hi}]\n"


def test_the_sources_of_a_worker_are_in_the_fingerprint(tree: WorkTree) -> None:
    (tree.root / "lib").mkdir()
    (tree.root / "w.py").write_text("1")
    (tree.root / "lib/a.py").write_text("1")
    text = f"{WORKER}depends: [w.py, lib/**/*.py]\n"
    seen = {read(tree, text).fingerprint}
    (tree.root / "lib/a.py").write_text("2")
    seen.add(read(tree, text).fingerprint)
    (tree.root / "lib/a.py").rename(tree.root / "lib/b.py")
    seen.add(read(tree, text).fingerprint)
    (tree.root / "notes.txt").write_text("not part of the worker")
    seen.add(read(tree, text).fingerprint)
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("depends", "says"),
    [
        pytest.param("", "p.prompt.yml:1: a command/ model needs the key 'depends'", id="none"),
        pytest.param(
            "depends:\n  - p.prompt.yml\n  - nothing*\n",
            "p.prompt.yml:5: 'nothing*' matches no file",
            id="matches-nothing",
        ),
        pytest.param("depends: [../x]\n", "../x: the path leads out", id="out-of-the-root"),
    ],
)
def test_a_worker_says_what_it_is_made_of(tree: WorkTree, depends: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tree, WORKER + depends)
    assert str(caught.value).startswith(says)


def test_a_weights_file_that_is_swapped_is_another_prompt(tree: WorkTree) -> None:
    text = PLAIN.replace("openai/m", "local/models/m.gguf")
    (tree.root / "models").mkdir()
    weights = tree.root / "models/m.gguf"
    middle = b"\0" * (3 << 20)
    seen = []
    for content in (b"a" + middle + b"z", b"b" + middle + b"z", b"a" + middle + b"y", b"a"):
        weights.write_bytes(content)
        seen.append(read(tree, text).fingerprint)
        assert read(tree, text).fingerprint == seen[-1]
    assert len(set(seen)) == 4


@pytest.mark.parametrize("path", ["none.gguf", "../m.gguf"])
def test_a_weights_file_must_lie_below_the_root(tree: WorkTree, path: str) -> None:
    with pytest.raises(ConfigError, match=r"p.prompt.yml:1: (\.\./)?(none|m)\.gguf: "):
        read(tree, PLAIN.replace("openai/m", f"local/{path}"))


@pytest.mark.parametrize("name", ["apiKey", "api_base", "baseUrl", "extra_headers", "messages"])
def test_what_is_no_model_parameter_cannot_be_smuggled_in(tmp_path, name):
    text = json.dumps({"model": "openai/m", "messages": [{"role": "user", "content": "hi"}]})
    text = text[:-1] + f', "modelParameters": {{"{name}": "x"}}}}'
    (tmp_path / "a.prompt.yml").write_text(text)
    with pytest.raises(ConfigError, match=f"'{name}' is no model parameter"):
        read_prompt(WorkTree(tmp_path), "a.prompt.yml")


def test_a_json_schema_that_is_none_is_an_error(tmp_path):
    prompt = {
        "model": "openai/m",
        "messages": [{"role": "user", "content": "hi"}],
        "responseFormat": "json_schema",
        "jsonSchema": {"name": "answer", "schema": {"type": "nonsense"}},
    }
    (tmp_path / "a.prompt.yml").write_text(json.dumps(prompt))
    with pytest.raises(ConfigError, match=r"a.prompt.yml:1: jsonSchema: not a JSON Schema"):
        read_prompt(WorkTree(tmp_path), "a.prompt.yml")
