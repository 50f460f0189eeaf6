"""The base ref, found in real repositories from real event payloads."""

from __future__ import annotations

import json
import shlex
import subprocess

import pytest
from conftest import Folder

from gate.errors import IncompleteError, UsageError
from gate.git import Repository, find_base

DEFAULT = {"ref": "refs/heads/trunk", "repository": {"default_branch": "trunk"}}
ZEROS = "0" * 40
NOWHERE = "1234567890" * 4


def clone(origin: Folder, place: str, *options: str) -> Folder:
    """Clone through a real transport, so that depths count."""
    target = origin.path.parent / place
    subprocess.run(
        ["git", "clone", "--quiet", *options, f"file://{origin.path}", str(target)],
        check=True,
        capture_output=True,
    )
    return Folder(target)


def event(repo: Folder, name: str, payload: object) -> dict[str, str]:
    """Return the variables that GitHub sets for an event, its payload on disk."""
    path = repo.path.parent / "event.json"
    path.write_text(json.dumps(payload))
    return {"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(path)}


def found(repo: Folder, *, named: str | None = None, environment=None) -> tuple[str, str]:
    base = find_base(Repository(repo.path), named=named, environment=environment or {})
    return base.commit, base.found_by


@pytest.fixture
def history(repo: Folder) -> dict[str, str]:
    """Commits by name: `main` went on after `feature` left it at `fork`."""
    ids = {"first": repo.write({"a.txt": "1"}).commit("first")}
    ids["fork"] = repo.write({"a.txt": "2"}).commit("fork")
    repo.git("checkout", "--quiet", "-b", "feature")
    ids["feature-1"] = repo.write({"b.txt": "1"}).commit("feature 1")
    ids["feature"] = repo.write({"b.txt": "2"}).commit("feature 2")
    repo.git("checkout", "--quiet", "main")
    ids["main"] = repo.write({"a.txt": "3"}).commit("main")
    repo.git("checkout", "--quiet", "feature")
    return ids


def merge_as_github_does(repo: Folder, ids: dict[str, str]) -> str:
    """Put HEAD on the merge of `feature` into `main`, as `refs/pull/1/merge` is."""
    repo.git("checkout", "--quiet", "--detach", ids["main"])
    repo.git("merge", "--quiet", "--no-ff", "--no-edit", ids["feature"])
    return repo.git("rev-parse", "HEAD")


def pull_request(ids: dict[str, str], *, base: str) -> dict[str, object]:
    return {"pull_request": {"base": {"sha": ids[base]}, "head": {"sha": ids["feature"]}}}


def test_a_named_base_comes_before_everything(repo: Folder, history) -> None:
    variables = event(repo, "pull_request", pull_request(history, base="main"))
    for name in ("first", "main", "feature-1"):
        commit = history[name]
        assert found(repo, named=commit, environment=variables)[0] == commit
        assert found(repo, named=commit[:10])[0] == commit
    assert found(repo, named="main") == (history["main"], "--base main")
    assert found(repo, named="HEAD~1") == (history["feature-1"], "--base HEAD~1")


def test_a_named_branch_may_be_on_the_remote_only(repo: Folder, history) -> None:
    repo.git("branch", "release", history["first"])
    copy = clone(repo, "copy")
    assert found(copy, named="release") == (history["first"], "--base release")


@pytest.mark.parametrize("name", ["no-such-branch", "", "--all", "-h", NOWHERE, "HEAD:a.txt"])
def test_a_named_base_that_is_not_there_is_incomplete(repo: Folder, history, name: str) -> None:
    assert history
    with pytest.raises(IncompleteError) as caught:
        found(repo, named=name)
    assert str(caught.value) == f"the base {name!r} cannot be found"
    ref = shlex.quote(name)
    assert caught.value.fix == (
        f"see that it is there: git rev-parse {ref}; or bring it: git fetch origin {ref}"
    )
    copy = clone(repo, "shallow", "--depth", "1")
    with pytest.raises(IncompleteError) as caught:
        found(copy, named=name)
    assert "fetch-depth: 0 at actions/checkout" in caught.value.fix


def test_the_merge_commit_of_a_pull_request_names_its_first_parent(repo: Folder, history) -> None:
    merge_as_github_does(repo, history)
    # The payload's base is older: main moved on before GitHub made the merge.
    variables = event(repo, "pull_request", pull_request(history, base="fork"))
    assert found(repo, environment=variables) == (
        history["main"],
        "first parent of the pull request's merge commit",
    )


def test_a_merge_that_the_author_made_names_no_base(repo: Folder, history) -> None:
    """Where the workflow checks out the head, the author's own merge is HEAD."""
    repo.git("merge", "--quiet", "--no-edit", history["main"])
    merge = repo.git("rev-parse", "HEAD")
    payload = {"pull_request": {"base": {"sha": history["main"]}, "head": {"sha": merge}}}
    variables = event(repo, "pull_request", payload)
    assert found(repo, environment=variables) == (
        history["main"],
        "base of the pull_request event",
    )


@pytest.mark.parametrize(
    ("name", "payload", "wanted"),
    [
        pytest.param(
            "pull_request", {"pull_request": {"base": {"sha": "main"}}}, "main", id="pull-request"
        ),
        pytest.param(
            "merge_group", {"merge_group": {"base_sha": "first"}}, "first", id="merge-group"
        ),
        pytest.param("push", {"before": "feature-1", **DEFAULT}, "feature-1", id="push"),
        pytest.param(
            "push",
            {**DEFAULT, "before": "feature-1", "ref": "refs/heads/other"},
            "fork",
            id="push-to-a-branch-whose-policy-is-the-authors-own",
        ),
        pytest.param("push", {"before": ZEROS, **DEFAULT}, "fork", id="push-of-a-new-branch"),
        pytest.param("schedule", {"before": "first"}, "fork", id="another-event"),
        pytest.param("pull_request", {"pull_request": None}, "fork", id="payload-without-base"),
        pytest.param("push", ["not", "an", "object"], "fork", id="payload-of-another-shape"),
    ],
)
def test_the_event_names_the_base(repo: Folder, history, name, payload, wanted) -> None:
    text = json.dumps(payload)
    for key, commit in history.items():
        text = text.replace(f'"{key}"', f'"{commit}"')
    commit, found_by = found(repo, environment=event(repo, name, json.loads(text)))
    assert commit == history[wanted]
    expected = "merge-base with main" if wanted == "fork" else f"base of the {name} event"
    assert found_by == expected


def test_a_base_of_the_event_that_cannot_be_fetched_is_incomplete(repo: Folder, history) -> None:
    assert history
    with pytest.raises(IncompleteError) as caught:
        found(repo, environment=event(repo, "push", {"before": NOWHERE, **DEFAULT}))
    assert str(caught.value) == (
        f"the base {NOWHERE[:12]} (base of the push event) cannot be fetched"
    )


@pytest.mark.parametrize("content", [None, "{"])
def test_a_payload_that_cannot_be_read_is_incomplete(repo: Folder, history, content) -> None:
    assert history
    variables = event(repo, "push", {})
    path = repo.path.parent / "event.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(IncompleteError, match=r"GITHUB_EVENT_PATH: .*: cannot be read"):
        found(repo, environment=variables)


def test_without_an_event_the_merge_base_with_the_default_branch_counts(
    repo: Folder, history
) -> None:
    assert found(repo) == (history["fork"], "merge-base with main")
    copy = clone(repo, "copy", "--branch", "feature")
    # The remote's HEAD says which branch is the default; here it is `feature`.
    assert found(copy) == (history["feature"], "merge-base with origin/feature")
    copy.git("remote", "set-head", "origin", "main")
    assert found(copy) == (history["fork"], "merge-base with origin/main")
    copy.git("remote", "set-head", "origin", "--delete")
    assert found(copy) == (history["fork"], "merge-base with origin/main")


def test_a_default_branch_may_be_called_master(repo: Folder, history) -> None:
    repo.git("branch", "--move", "main", "master")
    assert found(repo) == (history["fork"], "merge-base with master")


def test_no_default_branch_is_incomplete(repo: Folder, history) -> None:
    assert history
    repo.git("branch", "--move", "main", "trunk")
    with pytest.raises(IncompleteError, match="no default branch is here") as caught:
        found(repo)
    assert "--base REF" in caught.value.fix


def test_an_unrelated_branch_has_no_merge_base(repo: Folder, history) -> None:
    assert history
    repo.git("checkout", "--quiet", "--orphan", "stranger")
    repo.commit("stranger")
    with pytest.raises(IncompleteError, match="no merge-base of HEAD and main is here"):
        found(repo)


def test_a_repository_without_commits_has_no_base(repo: Folder) -> None:
    repository = Repository(repo.path)
    assert not repository.has_commits()
    assert repository.parents() == []
    with pytest.raises(IncompleteError, match="no default branch is here"):
        find_base(repository, named=None, environment={})


def test_a_shallow_clone_fetches_just_the_base(repo: Folder, history) -> None:
    merge = merge_as_github_does(repo, history)
    repo.git("branch", "pull", merge)
    copy = clone(repo, "shallow", "--depth", "1", "--branch", "pull")
    assert Repository(copy.path).resolve(history["main"]) is None
    variables = event(repo, "pull_request", pull_request(history, base="main"))
    assert found(copy, environment=variables)[0] == history["main"]
    assert copy.git("cat-file", "-t", history["main"]) == "commit"
    # Just that commit: what stands behind it was not fetched.
    repository = Repository(copy.path)
    assert repository.resolve(history["fork"]) is None
    assert repository.is_shallow()
    assert not (copy.path / ".git/FETCH_HEAD").exists()


def test_a_shallow_clone_without_an_event_asks_for_history(repo: Folder, history) -> None:
    assert history
    copy = clone(repo, "shallow", "--depth", "1", "--no-single-branch", "--branch", "feature")
    copy.git("remote", "set-head", "origin", "main")
    with pytest.raises(IncompleteError, match="no merge-base of HEAD and origin/main") as caught:
        found(copy)
    assert "fetch-depth: 0" in caught.value.fix


def test_a_full_clone_fetches_a_base_and_stays_full(repo: Folder, history) -> None:
    copy = clone(repo, "full", "--single-branch", "--branch", "feature")
    repository = Repository(copy.path)
    assert repository.resolve(history["main"]) is None
    assert found(copy, named=history["main"])[0] == history["main"]
    assert not repository.is_shallow()
    assert not (copy.path / ".git/shallow").exists()
    assert copy.git("rev-list", "--count", history["main"]) == "3"


def test_a_folder_outside_of_a_repository_is_told_both_ways_out(tmp_path) -> None:
    with pytest.raises(UsageError, match="not in a git repository") as caught:
        Repository(tmp_path)
    assert "--old A.prompt.yml --new B.prompt.yml" in caught.value.fix


def test_git_that_is_not_installed_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="git is not installed"):
        Repository(tmp_path)


def test_a_path_with_spaces_and_umlauts_is_found(tmp_path) -> None:
    folder = Folder(tmp_path / "ein Ordner für uns").init()
    commit = folder.write({"sub/ä.txt": "ä"}).commit()
    repository = Repository(folder.path / "sub")
    assert repository.top.resolve() == folder.path.resolve()
    assert repository.resolve("HEAD") == commit


def test_a_repository_of_another_user_is_told_as_such(repo: Folder, monkeypatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(UsageError, match="belongs to another user") as caught:
        Repository(repo.path)
    assert caught.value.fix == f"git config --global --add safe.directory {repo.path}"
