"""GitHub on loopback, with comments in memory, that misbehaves on demand.

    with StubGitHub() as github:
        run_something(env=github.environment("pull_request", payload, tmp_path))
    assert github.comments[0]["body"].startswith("<!-- gate:report -->")

It serves what `gate comment` asks: GraphQL's viewer, the comments of an issue (paged, with Link
headers), creating and editing them, pull requests by head and by commit, and the artifacts of a
run, whose zips it keeps on a second server, as GitHub keeps them on another host. It knows one
repository, `REPOSITORY`, and answers 404 to all else. A comment that it creates is by `viewer`,
as GitHub's is by the owner of the token.

Misbehaviour: `misbehave(FORBIDDEN, method="POST", path="/comments")` answers the next request
that fits so (`times=None`: each of them), on either server. `page_size`, `endless`,
`foreign_link` and `redirect_to` change what lists and downloads answer.
"""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from loopback import Loopback, Reply, Seen, json_reply

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from typing_extensions import Self

REPOSITORY = "octo/triage"
BOT = "github-actions[bot]"
SHA = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "ghs_stubStubStubStubStubStubStubStub0123"

FORBIDDEN = json_reply({"message": "Resource not accessible by integration"}, status=403)
NOT_FOUND = json_reply({"message": "Not Found"}, status=404)
FAULT = Reply(status=502, body=b"<html>bad gateway</html>")
GARBAGE = Reply(body=b"\x00\xff<<<not json")
RESET = Reply(reset=True)
HANG = Reply(hang=True)


class StubGitHub:
    """The two servers; use it in a `with` statement."""

    def __init__(self) -> None:
        self.viewer = BOT
        self.comments: list[dict[str, Any]] = []
        self.pulls: list[dict[str, Any]] = []
        self.artifacts: list[dict[str, Any]] = []
        self.heads: dict[str, str] = {}  # of pull requests, as the last event told them
        self.requests: list[Seen] = []
        self.stored: list[Seen] = []  # requests of the second server
        self.page_size = 100
        self.endless = False  # each page names a next one
        self.foreign_link = ""  # where the next page is said to be
        self.redirect_to = ""  # where a zip is said to be
        self._zips: dict[str, bytes] = {}
        self._wrong: list[list[Any]] = []
        self._lock = threading.Lock()
        self._api, self._store = Loopback(self._answer), Loopback(self._stored_zip)

    @property
    def url(self) -> str:
        """The root of the REST API; GraphQL is under `/graphql`."""
        return self._api.url

    def environment(self, event: str, payload: object, folder: Path) -> dict[str, str]:
        """Write the event's payload, and return the variables that GitHub gives a job."""
        folder.mkdir(parents=True, exist_ok=True)
        pull = payload.get("pull_request") if isinstance(payload, dict) else None
        if isinstance(pull, dict) and "head" in pull:
            self.heads[str(pull.get("number"))] = pull["head"].get("sha")
        path = folder / "event.json"
        path.write_text(json.dumps(payload), encoding="utf-8")
        return {
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(path),
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_API_URL": self.url,
            "GITHUB_GRAPHQL_URL": f"{self.url}/graphql",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_RUN_ID": "77",
            "GITHUB_TOKEN": TOKEN,
        }

    def misbehave(
        self, reply: Reply, *, method: str = "", path: str = "", times: int | None = 1
    ) -> None:
        """Answer the next requests of that method whose path holds that text so."""
        self._wrong.append([reply, method, path, times])

    def comment(
        self, body: str, *, login: str = BOT, kind: str = "Bot", issue: int = 7
    ) -> dict[str, Any]:
        """Add a comment, and return it."""
        number = len(self.comments) + 1
        self.comments.append({
            "id": number, "issue": issue, "body": body, "user": {"login": login, "type": kind},
            "html_url": f"https://github.com/{REPOSITORY}/pull/{issue}#issuecomment-{number}",
        })  # fmt: skip
        return self.comments[-1]

    def pull(
        self, number: int, *, sha: str = SHA, owner: str = "fork", branch: str = "change",
        is_gone: bool = False,
    ) -> dict[str, Any]:  # fmt: skip
        """Add an open pull request from a fork, which may be gone, and return it."""
        repo = None if is_gone else {"full_name": f"{owner}/triage"}
        self.pulls.append({
            "number": number, "state": "open",
            "head": {"sha": sha, "ref": branch, "repo": repo, "user": {"login": owner}},
            "base": {"repo": {"full_name": REPOSITORY}},
        })  # fmt: skip
        return self.pulls[-1]

    def artifact(self, zip_data: bytes, *, name: str = "gate-report", run: int = 99, **more: Any):
        """Add an artifact of a run, and return it."""
        number = 500 + len(self.artifacts)
        self._zips[str(number)] = zip_data
        self.artifacts.append({
            "id": number, "name": name, "run": run, "expired": False,
            "size_in_bytes": len(zip_data), **more,
        })  # fmt: skip
        return self.artifacts[-1]

    def writes(self) -> list[str]:
        """Return the methods of the requests that create or edit."""
        seen = [each for each in self.requests if each.path != "/graphql"]
        return [each.method for each in seen if each.method != "GET"]

    def __enter__(self) -> Self:
        self._api.start()
        self._store.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._api.stop()
        self._store.stop()

    def _answer(self, seen: Seen) -> Reply:
        with self._lock:
            self.requests.append(seen)
            wrong = self._misbehaviour(seen)
            if wrong is not None and not wrong.is_done:
                return wrong
            right = self._right(seen)
            return wrong or right

    def _stored_zip(self, seen: Seen) -> Reply:
        with self._lock:
            self.stored.append(seen)
            number = urlsplit(seen.path).path.rpartition("/")[2]
            return self._misbehaviour(seen) or Reply(body=self._zips[number])

    def _misbehaviour(self, seen: Seen) -> Reply | None:
        for rule in self._wrong:
            reply, method, path, times = rule
            if method in {"", seen.method} and path in seen.path and times != 0:
                rule[3] = None if times is None else times - 1
                return reply
        return None

    def _right(self, seen: Seen) -> Reply:
        path = urlsplit(seen.path).path
        if path == "/graphql":
            return json_reply({"data": {"viewer": {"login": self.viewer}}})
        for method, pattern, answer in _ROUTES:
            found = re.fullmatch(f"/repos/{REPOSITORY}/{pattern}", path)
            if found and method == seen.method:
                return answer(self, seen, *found.groups())
        return NOT_FOUND

    def _comments_of(self, seen: Seen, issue: str) -> Reply:
        return self._page(seen, [each for each in self.comments if each["issue"] == int(issue)])

    def _create(self, seen: Seen, issue: str) -> Reply:
        kind = "Bot" if self.viewer.endswith("[bot]") else "User"
        body = seen.body["body"]
        made = self.comment(body, login=self.viewer, kind=kind, issue=int(issue))
        return json_reply(made, status=201)

    def _edit(self, seen: Seen, number: str) -> Reply:
        for comment in self.comments:
            if comment["id"] == int(number):
                comment["body"] = seen.body["body"]
                return json_reply(comment)
        return NOT_FOUND

    def _pull(self, _seen: Seen, number: str) -> Reply:
        if number not in self.heads:
            return NOT_FOUND
        return json_reply({"number": int(number), "head": {"sha": self.heads[number]}})

    def _pulls_by_head(self, seen: Seen) -> Reply:
        query = parse_qs(urlsplit(seen.path).query)
        owner, _, branch = query["head"][0].partition(":")
        heads = [each for each in self.pulls if each["state"] == query["state"][0]]
        # GitHub finds nothing of a head repository that is gone.
        heads = [each for each in heads if each["head"]["repo"] and each["head"]["ref"] == branch]
        return self._page(seen, [each for each in heads if each["head"]["user"]["login"] == owner])

    def _pulls_by_commit(self, seen: Seen, sha: str) -> Reply:
        return self._page(seen, [each for each in self.pulls if each["head"]["sha"] == sha])

    def _artifacts_of(self, seen: Seen, run: str) -> Reply:
        mine = [each for each in self.artifacts if each["run"] == int(run)]
        return self._page(seen, mine, key="artifacts")

    def _zip(self, _seen: Seen, number: str) -> Reply:
        kept = f"{self._store.url}/zip/{number}?sig=signature-0123456789"
        return Reply(status=302, headers={"Location": self.redirect_to or kept})

    def _page(self, seen: Seen, items: list[Any], *, key: str = "") -> Reply:
        query = parse_qs(urlsplit(seen.path).query)
        size = min(self.page_size, int(query.get("per_page", ["30"])[0]))
        page = int(query.get("page", ["1"])[0])
        shown = items[(page - 1) * size : page * size]
        headers = {}
        if self.endless or page * size < len(items):
            to = self.foreign_link or f"{self.url}{urlsplit(seen.path).path}"
            following = f"<{to}?per_page={size}&page={page + 1}>"
            headers["Link"] = f'{following}; rel="next", <{to}?page=9>; rel="last"'
        value = {"total_count": len(items), key: shown} if key else shown
        return json_reply(value, headers=headers)


_ROUTES = (
    ("GET", r"issues/(\d+)/comments", StubGitHub._comments_of),  # noqa: SLF001 -- its own
    ("POST", r"issues/(\d+)/comments", StubGitHub._create),  # noqa: SLF001
    ("PATCH", r"issues/comments/(\d+)", StubGitHub._edit),  # noqa: SLF001
    ("GET", r"pulls", StubGitHub._pulls_by_head),  # noqa: SLF001
    ("GET", r"pulls/(\d+)", StubGitHub._pull),  # noqa: SLF001
    ("GET", r"commits/([0-9a-f]+)/pulls", StubGitHub._pulls_by_commit),  # noqa: SLF001
    ("GET", r"actions/runs/(\d+)/artifacts", StubGitHub._artifacts_of),  # noqa: SLF001
    ("GET", r"actions/artifacts/(\d+)/zip", StubGitHub._zip),  # noqa: SLF001
)


def zipped(members: Mapping[str, bytes]) -> bytes:
    """Return a zip of these members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()
