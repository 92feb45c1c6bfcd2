"""The constants of the simulated world. Pure.

Each says where it comes from. *Issue*: the task sets it. *§3*: the research on discovery feeds
(papers, vendors' documents, complaints of users). *Assumed*: the research gives no number; the
value was chosen before the ranking existed, and was not changed afterwards.
"""

# Size

VIEWERS = 10_000
"""Issue."""
CREATORS = 500
"""Issue."""
MINUTES = 240
"""Length of the evening. Assumed. It stands for several days: a viewer comes back after minutes
instead of a day.
"""
REFRESH = 5.0
"""Seconds after which an order learns the new counts of all lives. Assumed: a server writes the
sums of its feed in batches of a few seconds. (§3: Kuaishou refreshes features every 30 s.)
"""
PAGE = 3
"""Items that the page asks for at once. Assumed. §3: three rooms are kept open: the one seen, and a
neighbour each way.
"""
ASK_AGAIN = 8.0
"""A viewer who watched for this many seconds gets new next items, because the old choice is out of
date. Assumed.
"""

# Creators

TOPICS = 24
"""Assumed."""
TAGS_PER_TOPIC = 3
"""Different tags for the same topic. Assumed."""
GENERIC_TAGS = 8
"""Tags that say nothing about a topic. Assumed."""
TAGS_PER_LIVE = 3
"""Assumed. The server takes up to 8."""
TAG_OWN, TAG_GENERIC = 0.75, 0.15
"""Shares of the tags that name a topic of the live, and that are generic. The rest are bait: they
name a topic that the live does not have. Assumed.
"""
TOPICS_PER_CREATOR = (1, 3)
"""Minimum and maximum. Assumed."""
POPULAR = 0.7
"""Exponent of the popularity of topics (Zipf). Assumed."""
MOODS = ("calm", "loud", "funny", "learn", "create")
"""Issue."""
MOOD_PUBLIC = 0.7
"""Share of creators who chose their mood when going live. Assumed."""
QUALITY = 0.5
"""Standard deviation of how interesting a creator is to everyone. Assumed."""
AUDIENCE = (5.0, 1.3)
"""Median and log standard deviation of the people who watch a creator without the feed, such as
followers. Assumed. §3: on Twitch, most creators have few viewers, and are buried below the largest.
"""
FAME = 0.5
"""Correlation of a creator's audience with the quality. Assumed. §3: audience brings audience,
whatever the quality.
"""
ANSWERING = 0.3
"""How much more interesting a creator is who answers everyone. Assumed. §3: X weighs a reply that
the author answers 75, a reply 27, a favourite 0.5: two-way contact is what keeps people.
"""
ANSWERS = 6.0
"""Answers in 5 minutes of a creator who answers everyone. Assumed."""
NEWCOMERS = 0.2
"""Share of creators who have no audience of their own yet. Assumed."""

# Lives

LIVE_MINUTES = (35.0, 0.5)
"""Median and log standard deviation of the length of a live. Assumed."""
LIVES = 1.5
"""Mean number of lives of a creator in the evening. Assumed."""
MOMENT_EVERY = 360.0
"""Mean seconds between two highlights of a live. Assumed."""
MOMENT_SECONDS = (20.0, 60.0)
"""Length of a highlight. Assumed. §3: Kuaishou labels moments in steps of 30 s."""
MOMENT = 0.7
"""How much more interesting a live is during a highlight. §3: Kuaishou sees the rate of views rise
at a highlight. The size is assumed.
"""
AUDIENCE_RAMP = 300.0
"""Seconds after which two thirds of the audience of its own have come to a live. Assumed."""
AUDIENCE_CHURN = 0.1
"""Share of the own audience that is replaced by others each minute. Assumed."""
REACT_QUIET, REACT_MOMENT = 0.02, 0.2
"""Share of the viewers of a live who react within 30 s, usually and during a highlight. Assumed."""

# Viewers

LIKED, DISLIKED = (3, 5), 3
"""Number of topics that a viewer likes (minimum and maximum) and dislikes. Assumed."""
TASTE = 1.7
"""How much more interesting a live is whose only topic the viewer likes most. Assumed."""
CHEMISTRY = 0.35
"""Standard deviation of what no tag explains between one viewer and one creator. Assumed."""
MOOD_CHOSEN = 0.2
"""Share of visits in which the viewer chooses a mood. Assumed."""
MOOD_MATCH, MOOD_MISS = 0.5, -0.2
"""How much more interesting a live with the chosen mood, or another one, is. Assumed."""
FOLLOWS = (0, 3)
"""Number of creators whom a viewer follows at the beginning. Assumed."""
FOLLOW_AFTER, FOLLOW_CHANCE = 60.0, 0.05
"""A viewer who watches for this many seconds follows with this probability. Assumed."""
VISITS = (2, 6)
"""Minimum and maximum number of visits of a viewer in the evening. Assumed."""
VISIT_MINUTES = (9.0, 0.6)
"""Median and log standard deviation of the time that a viewer has for a visit. Assumed."""

# What a viewer does with an item

SWIPE = 0.5
"""Seconds from one item to the next. §3: people grant about 500 ms in such a feed (FastPix)."""
SKIP = 3.0
"""A viewer who is not interested leaves within this many seconds. §3: Kuaishou counts less than
3 s as a negative.
"""
SKIP_SLOPE, SKIP_BIAS = 1.5, 0.3
"""The log odds of a skip are SKIP_BIAS - SKIP_SLOPE × interest: 57 % for an item of average
interest. Assumed.
"""
STAY, STAY_SLOPE = 25.0, 0.8
"""Who does not skip stays 3 s and then STAY × exp(STAY_SLOPE × interest) seconds on average.
Assumed.
"""
SEEN, SEEN_SECONDS = 2.5, 1_500.0
"""How much less interesting a live is just after it was watched, and after how many seconds this
has fallen to a third. Assumed.
"""
BORED = 0.05
"""Probability that a viewer leaves after one skip. After n skips in a row it is n² times as high.
Assumed.
"""
BORED_MOST = 0.6
"""Maximum of this probability. Assumed."""
DONE = 0.02
"""Probability that a viewer leaves after an item that was not skipped. Assumed."""

# Bots

BOTS = 1_000
"""Issue."""
BOTS_BEGIN, BOTS_MINUTES = 60.0, 10.0
"""When the bots come, in minutes, and how long they stay. Issue: ten minutes."""
BOT_EVERY = 10.0
"""Seconds between two acts of a bot: it reports a stay at the live of its creator, and a skip of
another live. It watches and reacts all the time. Assumed. §3: a directory sorted by viewers invites
bought viewers.
"""
