"""The code of `scripts/plan`: what a number of rooms and viewers takes, in machines and money."""
