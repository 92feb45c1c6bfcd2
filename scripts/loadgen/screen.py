"""Displays the progress of a run. A terminal shows a table that is redrawn each second; any other
output gets a line every few seconds.
"""

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from scripts.loadgen.record import Sample
from scripts.loadgen.scenario import Scenario

LINE_EVERY = 5
LAG_WARN_MS = 5.0
BARS = "▁▂▃▄▅▆▇█"
HISTORY = 60


class Screen:
    """Displays the progress of a run. Use a Screen as a context manager; call `show` for each
    sample and `say` for each message.
    """

    def __init__(self, scenario: Scenario, console: Console) -> None:
        self._scenario = scenario
        self._console = console
        self._live = (
            Live(console=console, auto_refresh=False, transient=True)
            if console.is_terminal
            else None
        )
        self._p99: list[float] = []
        self._failed = self._closed = self._gaps = self._slowed = self._shown = 0

    def __enter__(self) -> "Screen":
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def say(self, words: str) -> None:
        self._console.print(f"load: {words}", style="dim", markup=False, soft_wrap=True)

    def show(self, sample: Sample) -> None:
        self._failed += sample.failed
        self._closed += sample.closed
        self._gaps += sample.gaps
        self._slowed += sample.slowed
        if sample.p99 is not None:
            self._p99 = [*self._p99[-HISTORY + 1 :], sample.p99]
        if self._live:
            self._live.update(self._draw(sample), refresh=True)
        elif self._shown % LINE_EVERY == 0:
            self._console.print(self._line(sample), markup=False, soft_wrap=True)
        self._shown += 1

    def _draw(self, sample: Sample) -> Panel:
        scenario = self._scenario
        whole = scenario.ramp + scenario.seconds
        phase = "all are here" if sample.plateau else "coming"
        table = Table.grid(padding=(0, 3))
        table.add_column(style="dim")
        for _ in range(4):
            table.add_column(justify="right")
        if scenario.viewers:
            table.add_row(
                "viewers",
                f"{sample.watching:,} of {scenario.viewers:,}",
                f"{sample.connecting:,} connecting",
                f"{sample.mbps:,.0f} Mbps",
                "",
            )
            table.add_row(
                "delay",
                f"p50 {_ms(sample.p50)}",
                f"p95 {_ms(sample.p95)}",
                f"p99 {_ms(sample.p99)}",
                sparkline(self._p99),
            )
            table.add_row(
                "missing",
                _count(self._gaps, "gaps"),
                _count(self._slowed, "slowed"),
                _count(self._closed, "cut off"),
                _count(self._failed, "refused"),
            )
        if scenario.creators:
            live = "" if sample.live_rooms is None else f"{sample.live_rooms:,} rooms live"
            table.add_row(
                "creators",
                f"{sample.publishing:,} of {scenario.creators:,}",
                live,
                f"{sample.sent_mbps:,.0f} Mbps sent",
                f"{sample.pli} PLI/s",
            )
        table.add_row("generator", *self._generator(sample))
        if sample.server_cpu is not None and sample.server_memory is not None:
            table.add_row(
                "server",
                f"{sample.server_cpu:.0%} of a core",
                f"{sample.server_memory / 1e6:,.0f} MB",
                "",
                "",
            )
        title = (
            f"{scenario.name} → {scenario.target.url}   {max(0, sample.at):.0f} of "
            f"{whole:.0f} s, {phase}"
        )
        return Panel(
            Group(ProgressBar(total=whole, completed=max(0.0, sample.at)), Text(), table),
            title=title,
            title_align="left",
        )

    def _generator(self, sample: Sample) -> list[Text]:
        cpu = " ".join(f"{cores:.0%}" for cores in sample.generator_cpu.values())
        late = sample.lag_p99 is not None and sample.lag_p99 > LAG_WARN_MS
        steal = Text(f"{sample.steal:.1%} stolen", style="bold red" if sample.steal > 0.02 else "")
        return [
            Text(f"CPU {cpu}"),
            Text(f"late {_ms(sample.lag_p99)}", style="bold red" if late else ""),
            steal,
            Text(),
        ]

    def _line(self, sample: Sample) -> str:
        parts = [f"{sample.at:4.0f} s"]
        if self._scenario.viewers:
            parts += [
                f"{sample.watching} viewers",
                f"{sample.mbps:.0f} Mbps",
                f"p50 {_ms(sample.p50)} p99 {_ms(sample.p99)}",
            ]
            parts += [f"{self._gaps} gaps, {self._closed} cut off, {self._failed} refused"]
        if self._scenario.creators:
            parts.append(f"{sample.publishing} creators")
        return "; ".join(
            [
                *parts,
                (
                    f"generator {max(sample.generator_cpu.values(), default=0):.0%} CPU, late "
                    f"{_ms(sample.lag_p99)}"
                ),
            ]
        )


def sparkline(values: list[float]) -> str:
    """Draws the last 20 values as a line of bar characters. The maximum of all values has the full
    height.
    """
    most = max(values, default=0.0)
    return (
        "".join(BARS[min(7, int(value / most * 7.99))] for value in values[-20:])
        if most > 0
        else ""
    )


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} ms" if value < 100 else f"{value:,.0f} ms"


def _count(number: int, what: str) -> Text:
    return Text(f"{number:,} {what}", style="yellow" if number else "")
