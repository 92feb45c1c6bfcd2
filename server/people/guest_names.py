"""The names that guests get, in English and Korean. Pure."""

ENGLISH = (
    """
    Amber Brave Breezy Bright Calm Cheerful Clever Cosmic Cosy Curious Dancing Dreamy Eager Early
    Fluffy Gentle Giddy Golden Happy Humming Jolly Kind Lively Lucky Mellow Merry Misty Nimble
    Polite Quick Quiet Rosy Shiny Silver Sleepy Smiling Snowy Sunny Swift Tiny Velvet Warm
    Witty Zesty
    """.split(),
    """
    Badger Bear Beaver Bee Cat Cricket Crane Deer Dolphin Dove Duck Eagle Falcon Finch Firefly Fox
    Frog Goose Hare Hedgehog Heron Koala Lark Lynx Magpie Mole Moth Newt Otter Owl Panda Penguin
    Puffin Rabbit Raven Robin Seal Sparrow Squirrel Swan Tiger Turtle Whale Wren
    """.split(),
)
KOREAN = (
    """
    고요한 귀여운 기쁜 꿈꾸는 노래하는 느긋한 다정한 달콤한 따뜻한 똑똑한 말랑한 맑은 명랑한 반가운
    반짝이는 밝은 부드러운 부지런한 빛나는 산뜻한 상냥한 새콤한 설레는 수줍은 순한 신나는 싱그러운
    씩씩한 아늑한 여유로운 엉뚱한 용감한 웃는 유쾌한 은은한 잔잔한 재빠른 졸린 즐거운 춤추는 친절한
    포근한 행복한 활기찬
    """.split(),
    """
    강아지 개구리 거북이 고라니 고래 고슴도치 고양이 곰 기러기 까치 나비 너구리 노루 다람쥐 다슬기
    달팽이 담비 도롱뇽 돌고래 두더지 두루미 매미 메추리 무당벌레 물개 박새 반딧불이 부엉이 비버
    사슴 삵 수달 여우 오리 올빼미 제비 참새 코알라 토끼 판다 펭귄 호랑이 황새 후투티
    """.split(),
)
_WORDS = {"en": ENGLISH, "ko": KOREAN}


def guest_name(language: str, chance: int) -> str:
    """Returns a friendly name such as `Quiet Otter` or `고요한 수달`. `chance`: a random number of
    at least 0. Returns an English name for a language without guest names.
    """
    adjectives, animals = _WORDS.get(language, ENGLISH)
    chance, adjective = divmod(chance, len(adjectives))
    return f"{adjectives[adjective]} {animals[chance % len(animals)]}"
