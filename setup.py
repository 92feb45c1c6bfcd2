"""Adds what pyproject.toml cannot say: the extension modules of a compiled wheel."""

from setuptools import setup

from backend import distribution

setup(**distribution)
