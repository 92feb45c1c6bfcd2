/** Sends requests about one room to the server's HTTP API (server/API.md). */
import { bearer, json, request } from './request.js';

/** @param {string} room */
export const roomPath = (room) => `/api/rooms/${encodeURIComponent(room)}`;

export class RoomApi {
  #path;
  #key;

  /**
   * @param {string} room
   * @param {string | null} [key]  the creator key; without it, the cookie identifies the person
   */
  constructor(room, key = null) {
    this.#path = roomPath(room);
    this.#key = key;
  }

  /**
   * @param {string} path  relative to the room's path in the API
   * @param {string} [method]
   * @param {object} [body]
   * @returns {Promise<any>} rejects with an ApiError
   */
  send(path, method = 'GET', body) {
    return request(this.#path + path, { ...json(method, body), ...bearer(this.#key) });
  }
}
