"""The composition, one module for each domain. server/app.py puts the parts together."""
