"""The operations of the HTTP interface, with their answers and refusals, one module for each
domain.
"""
