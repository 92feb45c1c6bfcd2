"""How the suite runs: which worker gets which file, minutes per folder, coverage. Imports nothing
of the product.
"""
