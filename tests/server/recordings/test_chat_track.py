"""Messages as WebVTT."""

from server.recordings.chat_track import begin_track, cue


def test_a_message_is_a_cue_with_its_author() -> None:
    assert begin_track() == "WEBVTT\n\n"
    assert cue(3_725_040_000, "민지", "hello") == (
        "01:02:05.040 --> 01:02:10.040\n<v 민지>hello</v>\n\n"
    )


def test_a_message_cannot_end_its_cue_or_add_markup() -> None:
    text = cue(0, "a>b\n", "1\n\n2 --> <b>&amp;</b>\r\n")
    assert text == (
        "00:00:00.000 --> 00:00:05.000\n<v ab>1 2 --&gt; &lt;b&gt;&amp;amp;&lt;/b&gt;</v>\n\n"
    )
