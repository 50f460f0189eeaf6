"""Old comes out of git; the worktree stays as it is."""

from __future__ import annotations

from cli.project import BROKEN, FEW, LOG_WORKER, calls, judged, logged, run
from conftest import Folder, prompt_file


def test_check_touches_neither_worktree_nor_index_nor_refs(repo: Folder) -> None:
    repo.write({**logged(FEW), ".gitignore": ".gate/\n", "staged.txt": "1", "kept.txt": "1"})
    repo.commit()
    repo.write({**BROKEN, "staged.txt": "2", "untracked.txt": "u"})
    repo.git("add", "staged.txt")
    repo.write({"staged.txt": "3", "kept.txt": "2"})

    def state() -> tuple[object, ...]:
        index = (repo.path / ".git/index").read_bytes()
        return repo.snapshot(), index, repo.git("for-each-ref"), repo.git("rev-parse", "HEAD")

    status = repo.git("status", "--porcelain")  # may refresh the index, so it comes first
    before = state()
    assert run(repo, "check").returncode == 0
    assert calls(repo).total() == 6
    assert state() == before
    assert repo.git("status", "--porcelain") == status


def test_the_old_worker_runs_in_a_checkout_of_the_base(repo: Folder) -> None:
    project = Folder(repo.path / "bot")
    answers = {f"c{i:02}": f"yes {i}" for i in range(12)}
    place = 'import os\ntext = os.path.basename(__file__) + " "  + open("data/word.txt").read()\n'
    worker = LOG_WORKER.replace("import json", f"{place}import json", 1).replace(
        '    text = request["messages"][-1]["content"]\n', ""
    )
    files = logged(answers, checks=[{"contains": "good"}])
    prompt = prompt_file(depends=["worker.py", "data/*.txt"])
    project.write(files).write({"worker.py": worker, "data/word.txt": "good"})
    project.write({"fixtures/s.prompt.yml": prompt})
    repo.commit()
    project.write({"data/word.txt": "bad"})
    before = project.snapshot()
    report = judged(project, "--all-calls", exit_code=1)
    moved = report["suites"][0]["cases_changed"]
    assert {(each["old_output"], each["new_output"]) for each in moved} == {
        ("worker.py good", "worker.py bad")
    }
    assert len(moved) == 12
    assert report["policy"]["source"].endswith(":bot/gate.yaml")
    assert project.snapshot() == before
