/**
 * What this viewer tells once a second of how it plays (relay/PROTOCOL.md, `report`), so that the creator knows what viewers see.
 * Pure: a player's figures in, the fields of a report out.
 */
export class Beacon {
  #frames = 0;

  /**
   * @param {string} player
   * @param {import('../player.js').PlayerStats | undefined} stats undefined while there is no player yet
   */
  read(player, stats) {
    const { frames = 0, behindLens = NaN, stalls = 0, firstPicture = NaN } = stats ?? {};
    // Whatever the player is: if pictures came since the last report it plays. A new player counts anew.
    const playing = frames > 0 && frames !== this.#frames;
    this.#frames = frames;
    return { player, playing, stalls, ...rounded('behind_lens', behindLens), ...rounded('first_picture', firstPicture) };
  }
}

/**
 * @param {string} name
 * @param {number} ms
 */
function rounded(name, ms) {
  return Number.isFinite(ms) ? { [name]: Math.round(ms) } : {};
}
