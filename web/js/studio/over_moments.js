/** The best moments in the summary of a live. One tap publishes a moment as a clip. */
import { byId, setText } from '../page/dom.js';
import { element } from '../page/element.js';
import { t } from '../page/strings.js';
import { clockTime } from '../page/words.js';
/**
 * @typedef {import('../api/live_api.js').Moment} Moment
 * @typedef {import('../api/clips_api.js').Clip} Clip
 * @typedef {Pick<import('../api/clips_api.js').ClipsApi, 'list' | 'publishMoment'>} Api
 */

/**
 * @param {Moment[]} moments  the best one first
 * @param {Clip[]} clips  the clips of the live
 * @param {Api} api
 */
export function showMoments(moments, clips, api) {
  byId('over-moments').hidden = !moments.length;
  setText(byId('moments-error'), '');
  byId('moments').replaceChildren(
    ...moments.map((moment) => rowOf(moment, clipOf(moment, clips), api)),
  );
}

/**
 * Returns the clip that shows a moment, if there is one.
 * @param {Moment} moment
 * @param {Clip[]} clips
 */
export function clipOf({ peak }, clips) {
  return clips.find(
    ({ source, start, end }) => source === 'highlight' && start <= peak && peak < end,
  );
}

/**
 * @param {Moment} moment
 * @param {Clip | undefined} clip
 * @param {Api} api
 */
function rowOf(moment, clip, api) {
  const row = element('li');
  const what = element('p');
  what.append(
    element('b', '', clockTime(moment.at)),
    element('span', '', t('studio.moment.reacted', { count: moment.people })),
  );
  row.append(what, clip ? linkTo(clip) : publishButton(moment, api));
  return row;
}

/**
 * @param {Moment} moment
 * @param {Api} api
 */
function publishButton(moment, api) {
  const button = element('button', 'button small', t('studio.moment.publish'));
  button.dataset.testid = 'publish-moment';
  const time = clockTime(moment.at);
  button.setAttribute('aria-label', t('studio.moment.publish_at', { time }));
  button.onclick = async () => {
    button.disabled = true;
    setText(button, t('studio.moment.publishing'));
    setText(byId('moments-error'), '');
    try {
      // The server may have published the moment by itself meanwhile.
      const known = clipOf(moment, await api.list());
      const link = linkTo(known ?? (await api.publishMoment(moment)));
      button.replaceWith(link);
      link.focus();
    } catch (error) {
      setText(byId('moments-error'), /** @type {Error} */ (error).message);
      setText(button, t('studio.moment.publish'));
      button.disabled = false;
    }
  };
  return button;
}

/** @param {Clip} clip */
function linkTo({ id }) {
  const link = element('a', 'button small', t('studio.moment.watch'));
  link.href = `/c/${encodeURIComponent(id)}`;
  link.target = '_blank'; // the summary is shown only once
  link.dataset.testid = 'watch-moment';
  return link;
}
