/** The figures of a room that has no player yet. @type {import('../player.js').PlayerStats} */
export const NOTHING = {
  ...{
    behindLens: NaN,
    captureError: NaN,
    captureEstimated: true,
    lag: NaN,
    target: NaN,
    buffer: 0,
    jitter: 0,
    rate: 1,
    width: 0,
    height: 0,
  },
  ...{
    frames: 0,
    dropped: 0,
    stalls: 0,
    seeks: 0,
    firstPicture: NaN,
    position: NaN,
    playing: false,
  },
};
