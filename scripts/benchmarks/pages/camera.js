/** Replaces the page's camera by the time code, whatever the page requests. */
if (navigator.mediaDevices)
  navigator.mediaDevices.getUserMedia = async () =>
    (window.timecodeStream ??= window.timecode.source());
