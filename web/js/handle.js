/**
 * The script of the public page of a handle: the button that follows the person, and the person's
 * lives, announced lives, clips and replays.
 */
import { announcementsOf, itemsOf, remind } from './api/discovery_api.js';
import { AnnouncedList } from './announced/announced_list.js';
import { ItemGrid } from './explore/item_grid.js';
import { showTags } from './explore/tag_chips.js';
import { byId, setText, toast } from './page/dom.js';
import { copyOf } from './page/element.js';
import { registerServiceWorker } from './page/service_worker.js';
import { share } from './page/share.js';
import { t } from './page/strings.js';
import { headCount } from './page/words.js';
import { showAvatar } from './people/avatar.js';
import { Identity } from './people/identity.js';
import { AppBadge } from './push/app_badge.js';
import { FollowOffer } from './push/follow_offer.js';
import * as api from './people/people_api.js';

const EVERY = 10_000; // ms

const { handle = '', person = '', name = '', colour = '0' } = document.body.dataset;
const identity = new Identity();
const button = /** @type {HTMLButtonElement} */ (byId('follow'));
const offer = new FollowOffer(byId('offer'));
const template = /** @type {HTMLTemplateElement} */ (byId('item-card'));
const clips = new ItemGrid(byId('clips'), template);
const replays = new ItemGrid(byId('replays'), template);
const announced = new AnnouncedList(
  byId('announced'),
  /** @type {HTMLTemplateElement} */ (byId('announced-card')),
  remind,
  ({ message }) => toast(message),
);
let timer = 0;

function showFollow() {
  const followed = identity.follows(person);
  const own = identity.me?.person.id === person;
  button.hidden = own;
  byId('mine').hidden = !own;
  button.setAttribute('aria-pressed', String(followed));
  setText(button, t(followed ? 'handle.following' : 'handle.follow'));
}

/** @param {number} followers */
function showFollowers(followers) {
  setText(byId('followers'), t('handle.followers', { count: followers }));
}

async function toggleFollow() {
  button.disabled = true;
  setText(byId('error'), '');
  try {
    const followers = await identity.follow(person, !identity.follows(person));
    if (followers !== null) showFollowers(followers);
    if (identity.follows(person)) void offer.show(name);
    else offer.close();
  } catch (error) {
    setText(byId('error'), /** @type {Error} */ (error).message);
  }
  button.disabled = false;
}

/** @param {import('./api/rooms_api.js').RoomInfo} room */
function rowOf({ room, title, viewers }) {
  const template = /** @type {HTMLTemplateElement} */ (byId('live-row'));
  const row = copyOf(template);
  const part = (/** @type {string} */ name) => /** @type {Element} */ (row.querySelector(name));
  /** @type {HTMLAnchorElement} */ (part('a')).href = `/r/${encodeURIComponent(room)}`;
  setText(part('bdi'), title || t('site.untitled'));
  setText(part('.count'), headCount(viewers));
  return row;
}

/**
 * @param {ItemGrid} grid
 * @param {string} id  of the list
 * @param {import('./api/discovery_api.js').Item[]} items
 */
function showShelf(grid, id, items) {
  grid.show(items);
  /** @type {HTMLElement} */ (byId(id).parentElement).hidden = items.length === 0;
}

/** Requests what changes seldom. A part that fails stays as it is. */
async function loadShelves() {
  await Promise.allSettled([
    itemsOf(handle).then((found) => {
      showShelf(clips, 'clips', found.clips);
      showShelf(replays, 'replays', found.replays);
      showTags(byId('tags'), found.tags);
    }),
    announcementsOf(handle).then((list) => announced.show(list)),
  ]);
}

async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    const { followers, live } = await api.profile(handle);
    showFollowers(followers);
    const focused = byId('live').contains(document.activeElement);
    // Do not replace the rows while one of them has the focus: the focus would be lost.
    if (!focused) byId('live').replaceChildren(...live.map(rowOf));
    byId('quiet').hidden = live.length > 0;
  } catch {
    // The page shows the last known state until the server answers.
  }
  clearTimeout(timer);
  timer = window.setTimeout(refresh, EVERY);
}

showAvatar(byId('avatar'), { name, colour: Number(colour) });
identity.onChange(showFollow);
button.addEventListener('click', toggleFollow);
byId('share').addEventListener('click', () => share(location.href, document.title));
document.addEventListener('visibilitychange', refresh);
identity.load().then(showFollow, () => (button.hidden = false));
void loadShelves();
timer = window.setTimeout(refresh, EVERY);
registerServiceWorker();
new AppBadge().start();
