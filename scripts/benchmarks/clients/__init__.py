"""Clients that this project did not write, beside the watch page: `scripts/bench clients`."""
