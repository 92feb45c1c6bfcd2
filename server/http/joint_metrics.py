"""Joins the metrics of several processes, in the text format of Prometheus 0.0.4. Pure."""

from collections.abc import Iterator, Mapping

UP = "microlive_process_up"


def join_metrics(texts: Mapping[int, bytes | None]) -> bytes:
    """Returns the metrics of all processes, by their numbers, with the label `process`. None: the
    process has not answered.
    """
    families: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for process, text in texts.items():
        for family, heads, lines in _families((text or b"").decode()):
            families.setdefault(family, heads)
            samples.setdefault(family, []).extend(_labelled(line, process) for line in lines)
    families[UP] = [
        f"# HELP {UP} 1 if the process has answered, otherwise 0.",
        f"# TYPE {UP} gauge",
    ]
    samples[UP] = [
        f'{UP}{{process="{process}"}} {int(text is not None)}' for process, text in texts.items()
    ]
    lines = [line for name, heads in families.items() for line in (*heads, *samples[name])]
    return "".join(f"{line}\n" for line in lines).encode()


def _families(text: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yields the name, the HELP and TYPE lines and the samples of each family."""
    name, heads, lines = "", list[str](), list[str]()
    for line in text.splitlines():
        if line.startswith("#"):
            family = line.split(" ", 3)[2]
            if family != name:
                if name:
                    yield name, heads, lines
                name, heads, lines = family, [], []
            heads.append(line)
        elif line:
            lines.append(line)
    if name:
        yield name, heads, lines


def _labelled(sample: str, process: int) -> str:
    """Returns a sample with the label `process` as its first label."""
    end = min(at for at in (sample.find("{"), sample.find(" ")) if at >= 0)
    if sample[end] == "{":
        return f'{sample[:end]}{{process="{process}",{sample[end + 1 :]}'
    return f'{sample[:end]}{{process="{process}"}}{sample[end:]}'
