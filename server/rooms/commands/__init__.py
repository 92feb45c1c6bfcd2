"""The commands to a room, one module for each domain. Pure.

The process that owns the room executes the command (`Rooms.ask`). Another process may have sent the
command, so commands, replies and refusals can be serialised (server/rooms/codec.py). Media and
WebRTC sessions need no commands: only the process that owns the room uses them (`Rooms.local`).
"""
