"""Web Push (RFC 8030): tells browsers when a followed creator goes live, and when an announced live
is about to start.

    Pushes
     ├─ LivePushes     learns from the rooms who goes live, and finds the browsers of followers
     ├─ Reminders      finds the browsers of the people who are reminded of an announced live
     └─ Deliveries     hands the pushes over, at most 64 at once, and makes way for media
         └─ PushClient     sends one push to the push service of a browser

Media never waits for a push: a room only adds a job to a bounded queue.
"""
