/**
 * Replaces the page's camera by a video of the time code, whatever constraints the page requests.
 */
if (navigator.mediaDevices)
  navigator.mediaDevices.getUserMedia = async () =>
    (window.timecodeStream ??= window.timecode.source());
