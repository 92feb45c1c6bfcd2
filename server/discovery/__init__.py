"""How people find lives, clips and each other: tags, trends, search and announced lives."""
