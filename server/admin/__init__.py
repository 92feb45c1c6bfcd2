"""The operator's commands. Each module contains the commands for one kind of object, such as rooms.
By default, a command uses the Unix socket in the server's data directory (client.py).

Exit codes: 0 if the server has carried out the request, 1 if the server has refused the request, 2
if the command cannot reach the server or has an invalid argument.
"""
