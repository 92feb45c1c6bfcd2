"""The results of several crowds of creators or viewers. Pure."""

from dataclasses import Field, asdict, dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from scripts.benchmarks.figures import Bar
from scripts.benchmarks.hostile.figures import Side


class CrowdResult(Protocol):
    """The result of one crowd. Each implementation is a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def name(self) -> str: ...

    @property
    def side(self) -> Side: ...

    @property
    def bars(self) -> list[Bar]: ...


Result = TypeVar("Result", bound=CrowdResult)


@dataclass(frozen=True, slots=True)
class CrowdReport(Generic[Result]):
    crowds: tuple[Result, ...]

    @property
    def bars(self) -> list[Bar]:
        return [bar for crowd in self.crowds for bar in crowd.bars]

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        """Crowds whose run is invalid, each with its reason."""
        return [
            (f"{crowd.name}: {crowd.side.problem}", "invalid")
            for crowd in self.crowds
            if crowd.side.problem
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "crowds": [asdict(crowd) for crowd in self.crowds],
            "bars": [bar.as_json() for bar in self.bars],
        }
