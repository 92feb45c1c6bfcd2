"""A WebSocket viewer on standby, as a page has for the rooms before and after the room that is
shown.
"""

from scripts.loadgen.websocket_viewer import WebSocketViewer

REPORTS = 10
"""Number of calls of `report` from one time exchange to the next."""


class StandbyViewer(WebSocketViewer):
    """A viewer that gets events and keyframes only. It sends no reports, but asks for the server's
    time every 10 s.
    """

    query = "player=load&hold=1"
    _reports = 0

    def report(self) -> None:
        self._reports += 1
        if self._reports % REPORTS == 0:
            self.ask_time()

    def tap(self, taps: int) -> None:
        """Does nothing, because a viewer on standby sees nothing."""
