/**
 * Computes the fields of the report that a viewer sends once a second (relay/PROTOCOL.md,
 * `report`), so that the creator knows what viewers see. Pure.
 */
export class Beacon {
  #frames = 0;

  /**
   * @param {string} player
   * @param {import('../player.js').PlayerStats | undefined} stats undefined before there is a
   *   player
   */
  read(player, stats) {
    const { frames = 0, behindLens = NaN, stalls = 0, firstPicture = NaN } = stats ?? {};
    // Any difference from the number in the last report means new frames. The number may also be
    // smaller, because a new player counts from zero.
    const playing = frames > 0 && frames !== this.#frames;
    this.#frames = frames;
    return {
      player,
      playing,
      stalls,
      ...rounded('behind_lens', behindLens),
      ...rounded('first_picture', firstPicture),
    };
  }
}

/**
 * @param {string} name
 * @param {number} ms
 */
function rounded(name, ms) {
  return Number.isFinite(ms) ? { [name]: Math.round(ms) } : {};
}
