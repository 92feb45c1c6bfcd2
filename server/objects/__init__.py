"""The object store, which has the media that outlives a live: recordings, clips and posters."""
