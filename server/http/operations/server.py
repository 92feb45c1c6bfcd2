"""Operations for the server itself: health, configuration and metrics."""

from server.http.operations.operation import JSON, TEXT, Operation
from server.http.operations.refusals import CLOSING, CUT_OFF, FULL, LOOKUP, STORAGE, merged
from server.http.payloads import Config, ServerHealth

OPERATIONS = (
    Operation(
        "GET", "/api/config", "The part of the configuration that pages need", {200: (Config,)}
    ),
    Operation("GET", "/api/health", "How busy the server is", {200: (ServerHealth,)}),
    Operation("GET", "/api/openapi.json", "This document", {200: (JSON,)}),
    Operation("GET", "/healthz", "The process answers", {200: (TEXT,)}),
    Operation(
        "GET",
        "/readyz",
        "The server takes new rooms and sessions",
        {200: (TEXT,)},
        merged(STORAGE, CLOSING, CUT_OFF, LOOKUP, FULL),
    ),
    Operation("GET", "/metrics", "Figures for Prometheus", {200: (TEXT,)}),
)
