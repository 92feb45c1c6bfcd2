"""Creates the parts of the server, with one module for each kind of part. server/app.py connects
the parts.
"""
