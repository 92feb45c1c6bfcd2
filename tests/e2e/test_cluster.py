"""What people do in rooms, on a cluster of two nodes: each request of a page reaches another node,
creators publish at one node, and viewers watch at the other one.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import ClientSession

from scripts.benchmarks.chromium import until
from tests.e2e.creator import LiveRoom, live_room
from tests.e2e.pages import EYES, Room, Visitors
from tests.e2e.talk import Owner, Talker
from tests.e2e.test_chat import room_of
from tests.e2e.test_clips import PAGE_VIDEO, make_clip, plays
from tests.e2e.test_creator_room import by
from tests.e2e.test_feed import MOVES, PHONE, RESTS, ROOM
from tests.e2e.test_watch_links import make_link
from tests.fixtures.cluster import Cluster
from tests.fixtures.metrics import scrape

pytestmark = pytest.mark.timeout(180)  # the first test also starts the cluster
COUNT = "document.querySelector('#viewers').textContent"
HEARTS = "document.querySelector('[data-part=heart-count]').innerText"
POSITION = "document.querySelector('#video').currentTime"
FEED = "fetch('/api/feed?mode=chronological').then((answer) => answer.json())"
SECONDS = 7
"""Media that a viewer watches before a clip or a replay of it is made."""


@pytest_asyncio.fixture(loop_scope="session")
async def visitors(visitors: Visitors) -> Visitors:
    """A page gives up a connection that takes long, as the first one of a room at a node may on a
    busy machine, and makes another one.
    """
    visitors.complaints.allow("closed before the connection is established")
    return visitors


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def live(cluster: Cluster) -> AsyncIterator[LiveRoom]:
    """A live at one node."""
    async with live_room(cluster.url, "Two nodes") as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def owner(cluster: Cluster, live: LiveRoom) -> AsyncIterator[Owner]:
    async with ClientSession() as http:
        yield Owner(cluster.url, live, http)


async def joins(node_url: str) -> float:
    """Returns the number of viewers that have joined at a node over a WebSocket."""
    async with ClientSession() as http, http.get(f"{node_url}/metrics") as response:
        return scrape(await response.text())['microlive_joins_total{path="websocket"}']


async def two_talkers(visitors: Visitors, live: LiveRoom) -> tuple[Talker, Talker]:
    one, two = await asyncio.gather(
        Talker.join(visitors, live.watch, **PHONE), Talker.join(visitors, live.watch)
    )
    return one, two


async def test_a_creator_and_viewers_at_different_nodes(
    cluster: Cluster, visitors: Visitors
) -> None:
    """Both viewers see title, picture and number of viewers, and go on when the creator's page is
    loaded again. Then the live is over for all.
    """
    before = await joins(cluster.two.url)
    studio = await visitors.studio(cluster.url)
    watch = await studio.go_live("Sunrise at two nodes")
    rooms = [await visitors.room(watch) for _ in range(2)]
    for room in rooms:
        assert "Sunrise at two nodes" in await room.page.title()
    await asyncio.gather(*(room.plays(1) for room in rooms))
    for page in (studio.page, *(room.page for room in rooms)):
        await until(page, f"{COUNT} === '2'")
    assert await joins(cluster.two.url) >= before + 2
    await studio.page.reload()
    await studio.is_live()
    await asyncio.gather(*(room.plays(1) for room in rooms))
    await studio.end()
    for room in rooms:
        await room.state("ended")


async def test_a_private_live_and_its_link(cluster: Cluster, visitors: Visitors) -> None:
    """The link works at each node until the creator revokes it."""
    visitors.complaints.allow("403")
    studio = await visitors.studio(cluster.url)
    page = studio.page
    await until(page, "document.body.dataset.screen === 'ready'")
    await page.check("#visibility input[value=private]", force=True)
    plain = await studio.go_live("Among friends")
    await page.click("#show-share")
    link = await make_link(page)
    for _ in range(2):
        stranger = await visitors.page(plain)
        assert "private" in await stranger.inner_text("main")
    viewer = Room(await visitors.page(link, EYES))
    await viewer.plays(1)
    await page.locator("#link-list li").locator("button:text-is('Revoke')").click()
    await viewer.state("sorry")


async def test_the_feed_shows_the_lives_of_both_nodes(
    cluster: Cluster, visitors: Visitors, live: LiveRoom
) -> None:
    """A viewer swipes between them. Both are in the feed of each node, and on /explore."""
    async with live_room(cluster.two.url, "Live at two #song") as other:
        rooms = {live.room, other.room}
        page = await visitors.page(cluster.url, **PHONE)
        for _ in range(2):  # one request to each node
            await until(
                page,
                f"{FEED}.then(({{ items }}) => {sorted(rooms)}.every((room) => "
                "items.some(({ kind, id }) => kind === 'live' && id === room)))",
            )
        await page.reload()
        seen = set()
        for index in range(10):
            await until(page, RESTS.format(index))
            kind, _, name = (await page.evaluate(ROOM)).partition(":")
            if kind == "live" and name in rooms:
                await until(page, MOVES)
                seen.add(name)
            if seen == rooms:
                break
            await page.keyboard.press("ArrowDown")
        assert seen == rooms
        for _ in range(2):
            await page.goto(f"{cluster.url}/explore")
            for room in rooms:
                await until(page, f"document.querySelector('#rooms a[href=\"/r/{room}\"]')")


async def test_chat(visitors: Visitors, live: LiveRoom, owner: Owner) -> None:
    """Two viewers and the creator write, one of them answers, and a viewer who comes later reads
    the same. The creator pins and removes a message.
    """
    one, two = await two_talkers(visitors, live)
    await one.write("안녕하세요")
    await asyncio.gather(one.reads("안녕하세요"), two.reads("안녕하세요"))
    await two.act("안녕하세요", "reply")
    await two.write("Hello from two")
    await one.reads("Hello from two")
    assert "안녕하세요" in await one.page.inner_text(".message .quote:visible")
    made = await owner("POST", "/messages", {"id": "c-1", "text": "Welcome"})
    await asyncio.gather(one.reads("Welcome"), two.reads("Welcome"))
    await owner("PUT", "/pin", {"message": made["n"]})
    await one.page.wait_for_selector("[data-part=pinned]:visible")
    three = await Talker.join(visitors, live.watch)
    await three.reads("Welcome")
    assert await three.texts() == await two.texts()
    await owner("DELETE", f"/messages/{made['n']}")
    for talker in (one, two, three):
        await talker.page.wait_for_selector(".text:text-is('Welcome')", state="detached")


async def test_hearts(visitors: Visitors, live: LiveRoom) -> None:
    """The hearts of a viewer reach the others, and the sum is the same for all."""
    one, two = await two_talkers(visitors, live)
    calm = await Talker.join(visitors, live.watch, reduced_motion="reduce")
    await one.page.click("[data-part=heart]")
    await asyncio.gather(one.sees_hearts(), two.sees_hearts())
    await until(calm.page, f"{HEARTS} === '1'")
    await two.page.keyboard.press("l")
    await until(calm.page, f"{HEARTS} === '2'")


async def test_a_poll(visitors: Visitors, live: LiveRoom, owner: Owner) -> None:
    """Each person has one vote, which counts once, wherever the request lands."""
    one, two = await two_talkers(visitors, live)
    poll = (await owner("POST", "/polls", {"question": "Tea?", "answers": ["Yes", "No"]}))["poll"]
    await one.page.click(".poll .answer:has-text('No')")
    await two.page.click(".poll .answer:has-text('No')")
    await two.page.click(".poll .answer:has-text('Yes')")
    await one.page.wait_for_selector(".poll .votes:text-is('2 votes')")
    late = await Talker.join(visitors, live.watch)
    await late.page.wait_for_selector(".poll .votes:text-is('2 votes')")
    await owner("DELETE", f"/polls/{poll['id']}")
    for talker in (one, two, late):
        await talker.page.wait_for_selector(".poll .answer.best")


async def test_moderation(cluster: Cluster, visitors: Visitors) -> None:
    """The creator removes and restores a message, mutes its author, and bans the author, who is
    out at each node.
    """
    visitors.complaints.allow("403|4403")
    host = await visitors.page(cluster.url)
    async with room_of(host, cluster.url) as live:
        guest, witness = await two_talkers(visitors, live)
        await host.goto(live.watch)
        creator = Talker(host)
        await guest.write("rude")
        await asyncio.gather(creator.reads("rude"), witness.reads("rude"))
        await creator.act("rude", "remove")
        await witness.page.wait_for_selector(".text:text-is('rude')", state="detached")
        await host.click("[data-part=undo-button]")
        await asyncio.gather(*(each.reads("rude") for each in (guest, witness, creator)))
        await creator.act("rude", "mute_minute")
        await host.wait_for_selector("[data-part=undo]:has-text('muted')")
        await guest.write("still here")
        await guest.page.wait_for_selector("[data-part=composer-note]:has-text('muted')")
        await creator.act("rude", "ban_live")
        await until(guest.page, "document.querySelector('#stage').dataset.state === 'sorry'")
        await witness.page.wait_for_selector(".text:text-is('rude')", state="detached")
        for _ in range(2):
            await guest.page.reload()
            assert await guest.page.locator("#social").count() == 0


@pytest.mark.parametrize("player", ["whep", "hls"])
async def test_other_players(visitors: Visitors, live: LiveRoom, player: str) -> None:
    room = await visitors.room(f"{live.watch}?player={player}")
    await room.pictured()
    await room.unmute()
    await room.plays(4)
    stats = await room.stats()
    assert (stats["player"], stats["state"], stats["rebuilds"]) == (player, "live", 0)
    assert (await room.seen())["heard"] > 0


async def test_a_clip_from_the_tap_to_its_page(visitors: Visitors, live: LiveRoom) -> None:
    page = await visitors.page(live.watch, EYES, **PHONE, reduced_motion="reduce")
    room = Room(page)
    await room.plays(SECONDS)
    await make_clip(page, "en")
    await page.goto(await page.evaluate(f"document.querySelector('{by('clip-open')}').href"))
    for _ in range(2):
        await plays(page, PAGE_VIDEO)
        assert "Best moment" in await page.inner_text("h1")
        await page.reload()


async def test_a_replay(cluster: Cluster, visitors: Visitors) -> None:
    """A viewer watches the live and writes, and both are in its replay."""
    host = await visitors.page(cluster.url)
    async with room_of(host, cluster.url) as live, ClientSession() as http:
        room = await visitors.room(live.watch)
        await room.plays(SECONDS)
        await Talker(room.page).write("what a view")
        await room.plays(1)
        await Owner(cluster.url, live, http)("DELETE", "")
        await room.state("ended")
    page = await visitors.page(cluster.url)
    async with asyncio.timeout(20):
        while "/v/" not in page.url:  # The last segment is being stored.
            await page.goto(live.watch)
    await until(page, f"{POSITION} > 1")
    assert await page.evaluate("document.querySelector('#video').duration") > SECONDS - 2
    await page.evaluate("document.querySelector('#video').currentTime = 6")
    await until(page, "document.querySelector('#chat').textContent.includes('what a view')")


async def test_a_killed_node_that_did_not_own_the_room_takes_nothing_with_it(
    cluster: Cluster, visitors: Visitors, live: LiveRoom, owner: Owner
) -> None:
    """Its viewers play again at the other node, and the chat, the poll and the creator's connection
    are as before.
    """
    visitors.complaints.allow("ERR_|WebSocket|502")
    poll = (await owner("POST", "/polls", {"question": "On?", "answers": ["Yes", "No"]}))["poll"]
    room = await visitors.room(live.watch)
    talker = Talker(room.page)
    await room.plays(1)
    await talker.write("before the end of a node")
    await talker.reads("before the end of a node")
    await room.page.click(".poll .answer:has-text('Yes')")
    await room.page.wait_for_selector(".poll .votes:text-is('1 vote')")
    await until(room.page, f"{COUNT} === '1'")
    before, joined = await room.seen(), await joins(cluster.one.url)
    await cluster.two.kill()
    try:
        await room.shows(lambda seen: seen["time"] > before["time"] + 2)
        await until(room.page, f"{COUNT} === '1'")
        assert await joins(cluster.one.url) > joined
        await talker.write("after it")
        await talker.reads("after it")
        late = await Talker.join(visitors, live.watch)
        await late.reads("before the end of a node")
        await late.page.wait_for_selector(".poll .votes:text-is('1 vote')")
        assert not [line for line in cluster.one.log if f"{live.room}: live → away" in line]
    finally:
        await cluster.two.start()
    # The balancer may leave out the node for some seconds.
    again = await visitors.room(live.watch.replace(cluster.url, cluster.two.url))
    await again.plays(1)
    assert await joins(cluster.two.url) > 0
    await owner("DELETE", f"/polls/{poll['id']}")
