/** Gives the page's own code the time code for a camera, whatever it asks for. */
if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async () => (window.timecodeStream ??= window.timecode.source());
