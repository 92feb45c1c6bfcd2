/**
 * Changes the source of a video without losing a tap on play. A browser pauses a video when its
 * source changes (HTML, media element load algorithm), also a video that waits for its first source
 * to play.
 * @param {Pick<HTMLVideoElement, 'paused' | 'play'>} video
 * @param {() => void} change  changes the source before it returns
 */
export function keepPlaying(video, change) {
  const played = !video.paused;
  change();
  if (played && video.paused) video.play().catch(() => {}); // the browser may wait for a tap
}
