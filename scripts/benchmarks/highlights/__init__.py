"""Scores how well moments are found in scripted lives whose best moments are known.

`script.py` writes the lives, `score.py` compares the moments that were found with the known ones,
and `evaluation.py` does both for several seeds.
"""
