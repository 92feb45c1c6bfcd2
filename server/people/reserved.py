"""Names that people would mistake for the operator or for a part of the server, in English and
Korean.

Pure.
"""

from server.people.characters import category
from server.people.emoji import without_emoji
from server.people.skeleton import skeleton_of

OFFICES = """
    abuse admin admins administrator anonymous deleted helpdesk hostmaster microlive mod moderator
    moderators mods official operator operators postmaster root security staff superuser support
    sysadmin system webmaster
    공식 공식계정 고객센터 고객지원 관리인 관리자 관리팀 마이크로라이브 매니저 모더레이터 보안팀
    삭제됨 서버관리자 스태프 시스템 신고센터 알림 어드민 오퍼레이터 운영자 운영진 운영팀 익명
    최고관리자 탈퇴한사용자
"""
"""Words that are refused both as names and as handles."""
PARTS = """
    admin administrator all api channel creator everyone guest help here host live me microlive
    moderator none null owner server settings someone undefined unknown you
    게스트 나 누군가 도움말 라이브 모두 방장 서버 설정 손님 전체 채널 크리에이터 호스트
"""
"""Further words, which are refused only as handles."""
WITHIN = "administrator microlive moderator 관리자 마이크로라이브 운영자 운영진"
"""Words that no name may contain."""
HONORIFIC = "님"


def _skeletons(words: str) -> frozenset[str]:
    return frozenset(map(skeleton_of, words.split()))


_offices, _parts, _within = _skeletons(OFFICES), _skeletons(PARTS), _skeletons(WITHIN)


def is_reserved_name(name: str) -> bool:
    """Whether a valid name looks like a reserved word. Spaces, punctuation, emoji, digits at the
    end and the Korean honorific make no difference.
    """
    return any(form in _offices or _contains(form) for form in _forms(name))


def is_reserved_handle(handle: str) -> bool:
    return is_reserved_name(handle) or any(form in _parts for form in _forms(handle))


def _contains(form: str) -> bool:
    return any(word in form for word in _within)


def _forms(name: str) -> set[str]:
    """Returns the skeletons of the name in the forms that are compared with reserved words."""
    plain = "".join(
        character for character in without_emoji(name) if category(character)[0] in "LMN"
    )
    words = {plain, plain.rstrip("0123456789")}
    words |= {word.removesuffix(HONORIFIC) for word in words}
    return {skeleton_of(word) for word in words if word}
