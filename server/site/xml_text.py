"""Text for XML documents. Pure."""

import re

_NOT_ALLOWED = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """Returns the text without the characters that no XML document may contain, such as control
    characters (XML 1.0 §2.2). No escape makes these characters valid.
    """
    return _NOT_ALLOWED.sub("", text)
