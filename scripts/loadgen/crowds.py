"""The viewers of one worker process at several nodes: one crowd for each node."""

import asyncio
from collections.abc import Sequence

from scripts.loadgen.crowd import Crowd
from scripts.loadgen.figures import Figures
from scripts.loadgen.node_figures import add_node
from scripts.loadgen.plans import CrowdPlan


class Crowds:
    """Runs the crowds of all nodes. Use it like a `Crowd`."""

    def __init__(self, plans: Sequence[CrowdPlan]) -> None:
        self._crowds = {plan.node: Crowd(plan) for plan in plans}

    def start(self, first_at: float) -> None:
        for crowd in self._crowds.values():
            crowd.start(first_at)

    def take_figures(self) -> Figures:
        """Returns the figures of all crowds together, and some of them also by node."""
        taken = Figures()
        for node, crowd in self._crowds.items():
            figures = crowd.take_figures()
            taken.merge(figures)
            add_node(taken, node, figures)
        return taken

    async def close(self) -> None:
        await asyncio.gather(*(crowd.close() for crowd in self._crowds.values()))
