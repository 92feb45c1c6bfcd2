"""Creates metric families that have one label."""

from collections.abc import Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

Family = CounterMetricFamily | GaugeMetricFamily


def gauge(name: str, about: str, label: str, values: Mapping[str, float]) -> Family:
    """Returns the gauge `microlive_{name}`. `values`: one number for each value of the label."""
    return _filled(GaugeMetricFamily(f"microlive_{name}", about, labels=[label]), values)


def counter(name: str, about: str, label: str, values: Mapping[str, float]) -> Family:
    """Returns the counter `microlive_{name}`. `values`: one number for each value of the label."""
    return _filled(CounterMetricFamily(f"microlive_{name}", about, labels=[label]), values)


def _filled(family: Family, values: Mapping[str, float]) -> Family:
    for value, number in values.items():
        family.add_metric([value], number)
    return family
