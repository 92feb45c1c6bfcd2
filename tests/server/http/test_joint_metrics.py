"""The metrics of several processes as one text."""

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from server.http.joint_metrics import join_metrics

TRICKY = 'a "quoted", {braced} name\\with\nlines'


def metrics(viewers: int, extra: bool = False) -> bytes:
    registry = CollectorRegistry()
    Gauge("viewers", "Viewers now.", registry=registry).set(viewers)
    Counter("kinds", "By kind.", ["kind"], registry=registry).labels(TRICKY).inc(viewers)
    if extra:
        Gauge("only_here", "One process has it.", registry=registry).set(1)
    return generate_latest(registry)


def test_each_sample_names_its_process() -> None:
    joint = join_metrics({0: metrics(2), 1: metrics(3, extra=True), 2: None}).decode()
    found = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(joint)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }
    assert found == {
        ("viewers", ("process", "0")): 2,
        ("viewers", ("process", "1")): 3,
        ("kinds_total", ("kind", TRICKY), ("process", "0")): 2,
        ("kinds_total", ("kind", TRICKY), ("process", "1")): 3,
        ("only_here", ("process", "1")): 1,
        ("microlive_process_up", ("process", "0")): 1,
        ("microlive_process_up", ("process", "1")): 1,
        ("microlive_process_up", ("process", "2")): 0,
    }
    heads = [line for line in joint.splitlines() if line.startswith("# TYPE")]
    assert len(heads) == len(set(heads)), "each family once"
