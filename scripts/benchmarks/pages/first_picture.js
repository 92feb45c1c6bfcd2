// When the first picture went to the screen: `firstPicture` promises the ms from navigation. A frame counts when something can be seen in it.
(() => {
  const SIDE = 32;
  const CONTRAST = 24; // of 255
  const look = Object.assign(document.createElement('canvas'), { width: SIDE, height: SIDE });
  const reader = look.getContext('2d', { willReadFrequently: true, alpha: false });

  function visible(video) {
    reader.drawImage(video, 0, 0, SIDE, SIDE);
    const { data } = reader.getImageData(0, 0, SIDE, SIDE);
    const greens = data.filter((_, index) => index % 4 === 1);
    return Math.max(...greens) - Math.min(...greens) >= CONTRAST;
  }

  const firstPicture = new Promise((resolve) => {
    const await_ = (video) => video.requestVideoFrameCallback(() => (visible(video) ? resolve(performance.now()) : await_(video)));
    let known = null;
    const find = () => {
      const video = document.querySelector('video');
      if (video && video !== known) await_((known = video));
      requestAnimationFrame(find);
    };
    requestAnimationFrame(find);
  });
  Object.assign(window, { firstPicture });
})();
