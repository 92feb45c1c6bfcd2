"""The word lists of creators, for the titles and captions that other people give to clips."""

from functools import lru_cache

from server.social.word_list import BadWords, WordList
from server.storage.words import WordStore


class ListedWords:
    """Finds the words of creators' lists in texts."""

    def __init__(self, words: WordStore) -> None:
        self._words = words

    async def are_in(self, creator: str, *texts: str) -> bool:
        """Whether a text contains a word of the creator's list. Raises StorageError."""
        if not any(texts):
            return False
        words = _word_list(await self._words.of_creator(creator))
        return any(words.find(text) for text in texts)


@lru_cache(maxsize=16)
def _word_list(words: tuple[str, ...]) -> WordList:
    # Normalising a long list takes too long for each request.
    try:
        return WordList(words)
    except BadWords:  # an older release stored words that this release refuses
        return WordList()
