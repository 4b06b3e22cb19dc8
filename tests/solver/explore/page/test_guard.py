from __future__ import annotations

import flask
import pytest
from flask.testing import FlaskClient

from solver.explore.page.guard import content_security_policy, guard


def _client(host: str = "127.0.0.1") -> FlaskClient:
    server = flask.Flask("guarded")
    server.add_url_rule("/", "page", lambda: "shown", methods=["GET", "POST"])
    guard(server, host=host, policy=content_security_policy(["'sha256-abc'"]))
    return server.test_client()


@pytest.mark.parametrize("name", ["127.0.0.1:8050", "localhost:8050", "[::1]:8050", "127.0.0.9"])
def test_a_loopback_name_is_answered(name: str) -> None:
    assert _client().get("/", headers={"Host": name}).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "evil.example",
        "127.0.0.1.evil.example:8050",
        "localhost.evil.example",
        "10.0.0.7",
        "[:",
        "evil@localhost",
        "localhost#.evil.example",
        "127.0.0.1/../evil.example",
        "localhost:port",
        "",
    ],
)
def test_a_name_made_to_resolve_here_is_refused(name: str) -> None:
    assert _client().get("/", headers={"Host": name}).status_code == 400


def test_the_host_that_was_asked_for_is_answered() -> None:
    assert _client("10.0.0.7").get("/", headers={"Host": "10.0.0.7:80"}).status_code == 200


def test_serving_at_every_address_answers_to_every_name() -> None:
    assert _client("0.0.0.0").get("/", headers={"Host": "workstation:80"}).status_code == 200


def test_a_change_from_a_foreign_page_is_refused() -> None:
    sent = {"Host": "localhost:8050", "Origin": "http://evil.example"}
    assert _client().post("/", headers=sent).status_code == 403


@pytest.mark.parametrize("origin", ["null", "http://[", "file://", "http://x@localhost:8050"])
def test_a_change_from_an_origin_that_is_no_page_of_ours_is_refused(origin: str) -> None:
    sent = {"Host": "localhost:8050", "Origin": origin}
    assert _client().post("/", headers=sent).status_code == 403


def test_a_change_from_another_port_of_this_machine_is_refused() -> None:
    sent = {"Host": "localhost:8050", "Origin": "http://localhost:9000"}
    assert _client().post("/", headers=sent).status_code == 403


def test_a_change_that_the_browser_calls_cross_site_is_refused() -> None:
    sent = {"Host": "localhost:8050", "Sec-Fetch-Site": "cross-site"}
    assert _client().post("/", headers=sent).status_code == 403


def test_a_change_from_the_page_itself_is_let_through() -> None:
    sent = {"Host": "localhost:8050", "Origin": "http://localhost:8050"}
    assert _client().post("/", headers=sent).status_code == 200


def test_a_refusal_carries_the_policy_too() -> None:
    answer = _client().get("/", headers={"Host": "evil.example"})
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_scripts_run_by_their_hash_alone() -> None:
    policy = content_security_policy(["'sha256-abc'"])
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert scripts == "script-src 'self' 'sha256-abc'"


def test_types_are_not_guessed_and_addresses_not_told() -> None:
    headers = _client().get("/").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
