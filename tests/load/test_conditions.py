"""`--fail-if` and the target's URL: accepted input and error messages."""

import pytest

from scripts.loadgen.conditions import METRICS, UNITS, parse_condition
from scripts.loadgen.errors import BadInput
from scripts.loadgen.target import parse_target


@pytest.mark.parametrize(
    ("text", "metric", "operator", "limit"),
    [
        ("p99>50ms", "p99", ">", 50.0),
        (" p95 >= 0.2 s ", "p95", ">=", 200.0),
        ("p50>800us", "p50", ">", 0.8),
        ("failures>0", "failures", ">", 0.0),
        ("server_memory>1.5GB", "server_memory", ">", 1_500.0),
        ("received<500kbps", "received", "<", 0.5),
        ("steal<=2%", "steal", "<=", 2.0),
        ("p99>50", "p99", ">", 50.0),
    ],
)
def test_a_condition_is_read(text: str, metric: str, operator: str, limit: float) -> None:
    condition = parse_condition(text)
    assert (condition.metric, condition.operator) == (metric, operator)
    assert condition.limit == pytest.approx(limit)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "write the condition as"),
        ("p99=50", "write the condition as"),
        ("p99>-1", "write the condition as"),
        ("p98>1ms", "there is no figure p98"),
        ("p99>5MB", "no unit MB"),
        ("gaps>1s", "no unit s"),
    ],
)
def test_a_malformed_condition_is_refused(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        parse_condition(text)


def test_a_condition_fails_when_it_is_true_or_unknown() -> None:
    condition = parse_condition("p99>50ms")
    assert condition.failure({"p99": 50.0}) is None
    assert condition.failure({"p99": 61.25}) == "p99>50ms: p99 is 61.25 ms"
    assert condition.failure({"p99": None}) == "p99>50ms: p99 was not measured"
    assert parse_condition("watching<5").failure({"watching": 4}) == "watching<5: watching is 4"


def test_every_metric_has_a_unit_that_can_be_written() -> None:
    assert {unit for unit, _ in METRICS.values()} <= UNITS.keys()


@pytest.mark.parametrize(
    ("url", "root", "local"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", True),
        ("localhost:99", "http://127.0.0.1:99", True),
        ("https://localhost", "https://localhost:443", True),
        ("http://[::1]:80/live/", "http://[::1]:80/live", True),
    ],
)
def test_a_target_is_read(url: str, root: str, local: bool) -> None:
    target = parse_target(url, owned=False)
    assert (target.url, target.local) == (root, local)


def test_another_machine_needs_its_owners_confirmation() -> None:
    with pytest.raises(BadInput, match="--i-own-this-server"):
        parse_target("http://192.0.2.1:8080", owned=False)
    assert not parse_target("http://192.0.2.1:8080", owned=True).local


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:99999",
        "http://127.0.0.1/?x=1",
        "http://a:b@127.0.0.1",
    ],
)
def test_a_malformed_url_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        parse_target(url, owned=True)
