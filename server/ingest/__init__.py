"""A creator's media on its way in: WHIP, the session, and the one clock that its sound and picture
share.
"""
