"""Shards of a matrix, and the job that merges them."""

from __future__ import annotations

from action.pull_request import TOKEN, job_of


def test_shards_are_kept_and_merged_into_one_verdict(github, broken, tmp_path) -> None:
    kept = {}
    for index in (1, 2):
        job = job_of(github, broken, tmp_path / f"shard-{index}")
        job.use({"shard": f"{index}/2"}, token=TOKEN)
        assert (job.conclusion, job.outputs["verdict"]) == ("success", "none")
        kept |= job.artifacts
    assert sorted(kept) == ["gate-shard.-.1-of-2", "gate-shard.-.2-of-2"]
    assert github.requests == []
    job = job_of(github, broken, tmp_path / "merge")
    job.artifacts = kept | {"gate-shard.other.1-of-1": {"shard-1-of-1.jsonl": b"of another key"}}
    job.use({"command": "merge"}, token=TOKEN)
    assert (job.failed, job.outputs["verdict"]) == ("verdict", "fail"), job.log
    job = job_of(github, broken, tmp_path / "half")
    job.artifacts = {name: kept[name] for name in sorted(kept)[:1]}
    job.use({"command": "merge"}, token=TOKEN)
    assert (job.failed, job.outputs["exit-code"]) == ("verdict", "4")
    job = job_of(github, broken, tmp_path / "merge")  # the same machine again
    job.artifacts = kept
    job.use({"command": "merge"}, token=TOKEN)
    assert (job.failed, job.outputs["verdict"]) == ("verdict", "fail"), job.log
    job = job_of(github, broken, tmp_path / "none").use({"command": "merge"}, token=TOKEN)
    assert job.failed == "verdict"
    assert "no artifact is named gate-shard.-.i-of-n" in job.log
