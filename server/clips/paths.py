"""The URL paths of a clip."""


def files_path(clip: str, revision: int) -> str:
    """Returns the folder of the clip's files."""
    return f"/clips/{clip}/{revision}"


def captions_path(clip: str) -> str:
    """Returns the path of the caption as a text track."""
    return f"/clips/{clip}/captions.vtt"
