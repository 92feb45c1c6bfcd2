// The promise `firstPicture` resolves when the first frame with visible content is on the screen.
// Its value is the time since navigation, ms.
(() => {
  const SIDE = 32;
  const CONTRAST = 24; // of 255
  const look = Object.assign(document.createElement('canvas'), { width: SIDE, height: SIDE });
  const reader = look.getContext('2d', { willReadFrequently: true, alpha: false });

  function visible(screen) {
    if (!screen || screen.hidden) return false;
    const video = screen instanceof HTMLVideoElement;
    if (!(video ? screen.readyState >= 2 && screen.videoWidth : screen.width)) return false;
    reader.drawImage(screen, 0, 0, SIDE, SIDE);
    const { data } = reader.getImageData(0, 0, SIDE, SIDE);
    const greens = data.filter((_, index) => index % 4 === 1);
    return Math.max(...greens) - Math.min(...greens) >= CONTRAST;
  }

  // On every animation frame, reads each element that shows video. At that time, the element has
  // the content that goes to the screen.
  const firstPicture = new Promise((resolve) => {
    const look = () => {
      // Look at the player's element and at the still frame that covers it until the player starts.
      if (['.screen', '.still'].some((place) => visible(document.querySelector(place))))
        resolve(performance.now());
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  Object.assign(window, { firstPicture });
})();
