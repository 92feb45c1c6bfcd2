"""Builds wheels and source distributions. pip puts this folder on the path of modules, so its
modules import each other by their short names, and nothing else of this project but `bundle`.
"""
