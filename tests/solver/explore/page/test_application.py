from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from solver.explore.page.application import build_application
from solver.explore.page.server import MOST_REQUEST_BYTES
from solver.explore.session import Session
from solver.result import canonical_digest
from tests.solver.explore.asked import answer

HERE = {"Host": "127.0.0.1"}
EVIL = '{%scripts%}</title><script>alert("x")</script>'


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    document = json.loads(json.dumps(answer("fleet/one-model-one-pool")))
    document["instance"]["resolved"]["title"] = EVIL
    document["digest"] = canonical_digest(document)
    path = tmp_path_factory.mktemp("page") / "result <b>.json"
    path.write_text(json.dumps(document))
    opened = Session.open(path)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def client(session: Session) -> FlaskClient:
    return build_application(session).server.test_client()


def test_a_title_of_a_file_cannot_close_the_title_of_the_page(client: FlaskClient) -> None:
    assert "<script>alert" not in client.get("/", headers=HERE).text


def test_a_field_of_dash_in_a_title_is_text(client: FlaskClient) -> None:
    title = client.get("/", headers=HERE).text.partition("<title>")[2].partition("</title>")[0]
    assert title.startswith("&#123;%scripts%}&lt;/title&gt;")


def test_a_request_longer_than_any_of_the_page_is_refused(client: FlaskClient) -> None:
    got = client.post(
        "/_dash-update-component",
        headers=HERE,
        content_length=MOST_REQUEST_BYTES + 1,
        content_type="application/json",
    )
    assert got.status_code == 413


def test_the_page_names_nothing_outside_itself(client: FlaskClient) -> None:
    page = client.get("/", headers=HERE).text
    assert "http://" not in page
    assert "https://" not in page
    assert 'src="//' not in page


def test_inline_scripts_are_those_that_the_policy_names(client: FlaskClient) -> None:
    policy = client.get("/", headers=HERE).headers["Content-Security-Policy"]
    assert "'sha256-" in policy
    assert "unsafe-eval" not in policy


def test_a_result_without_its_question_says_why_nothing_can_be_changed(client: FlaskClient) -> None:
    assert "--instance FILE" in client.get("/_dash-layout", headers=HERE).text


@pytest.mark.parametrize(
    ("what", "start"), [("json", b"{"), ("csv", b""), ("png", b"\x89PNG"), ("html", b"<!")]
)
def test_an_answer_is_taken_away_as_a_file(client: FlaskClient, what: str, start: bytes) -> None:
    got = client.get(f"/download/A/{what}", headers=HERE)
    assert got.status_code == 200
    assert got.headers["Content-Disposition"].startswith("attachment; filename=result-b-A.")
    assert got.data.lstrip().startswith(start)


@pytest.mark.parametrize("path", ["C/csv", "A/exe", "A/__class__"])
def test_nothing_else_is_there_to_take(client: FlaskClient, path: str) -> None:
    assert client.get(f"/download/{path}", headers=HERE).status_code == 404


def test_a_scenario_without_an_answer_says_so(client: FlaskClient) -> None:
    got = client.get("/download/B/csv", headers=HERE)
    assert (got.status_code, got.text) == (
        409,
        "There is no answer yet. Wait until it is solved.\n",
    )


def test_a_question_that_is_not_there_says_so(client: FlaskClient) -> None:
    got = client.get("/download/A/question", headers=HERE)
    assert got.status_code == 409
    assert "Open it with --instance FILE" in got.text


def test_the_name_of_a_file_may_be_anything(session: Session) -> None:
    assert Path(session.source).name == "result <b>.json"


@pytest.mark.parametrize(
    "chosen",
    [
        {"scenario": "A", "index": -1},
        {"scenario": "A", "index": 10**30},
        {"scenario": "A", "index": "0"},
        {"scenario": "C", "index": 0},
        {"scenario": "__proto__", "index": 0},
    ],
)
def test_a_point_that_is_not_there_has_no_plan(client: FlaskClient, chosen: object) -> None:
    outputs = [
        ("plan-title", "children"),
        ("plan", "children"),
        ("previous", "disabled"),
        ("next", "disabled"),
    ]
    asked = {
        "output": f"..{'...'.join('.'.join(output) for output in outputs)}..",
        "outputs": [{"id": name, "property": part} for name, part in outputs],
        "inputs": [{"id": "chosen", "property": "data", "value": chosen}],
        "changedPropIds": ["chosen.data"],
        "state": [],
    }
    got = client.post("/_dash-update-component", headers=HERE, json=asked)
    assert got.status_code == 200
    assert "There is no point to show a plan of." in got.text
