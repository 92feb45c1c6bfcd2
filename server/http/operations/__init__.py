"""Describes the operations of the HTTP interface, with their answers and refusals. Each module
contains the operations for one kind of resource.
"""
