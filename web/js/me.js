/** The script of /me, the page of the person who uses this browser. */
import { byId, partOf, setText, toast } from './page/dom.js';
import { registerServiceWorker } from './page/service_worker.js';
import { t } from './page/strings.js';
import { dateOf } from './page/words.js';
import { AnnounceSection } from './me/announce_section.js';
import { DataSection, confirmed } from './me/data_section.js';
import { DevicesSection } from './me/devices_section.js';
import { LanguageSection } from './me/language_section.js';
import { PageSection } from './me/page_section.js';
import { PasskeysSection } from './me/passkeys_section.js';
import { followingSection, hiddenSection } from './me/people_sections.js';
import { ProfileSection } from './me/profile_section.js';
import { PushSection } from './me/push_section.js';
import { RecoverySection } from './me/recovery_section.js';
import { ReportsSection } from './me/reports_section.js';
import { SignInSection } from './me/sign_in_section.js';
import { TransferSection } from './me/transfer_section.js';
import { Identity } from './people/identity.js';
import * as api from './people/people_api.js';
import { AppBadge } from './push/app_badge.js';
import { PushBrowser } from './push/push_browser.js';

const identity = new Identity();
const profile = new ProfileSection(identity);
const page = new PageSection(identity);
const announce = new AnnounceSection(identity);
const signIn = new SignInSection(() => location.reload());
const transfer = new TransferSection();
const recovery = new RecoverySection();
const passkeys = new PasskeysSection(browserName());
new DevicesSection(() => location.reload());
followingSection(identity);
const pushBrowser = new PushBrowser();
new PushSection(pushBrowser);
hiddenSection(identity);
new ReportsSection();
new DataSection((at) => showDeletion(at));
const language = new LanguageSection(identity, () => location.reload());
const deletion = byId('deletion');

/** @param {number | null} at Unix seconds; null if no deletion is planned */
function showDeletion(at) {
  deletion.hidden = !at;
  if (at) setText(partOf(deletion, 'text'), t('me.delete.planned', { date: dateOf(at * 1_000) }));
}

/** @returns {string} such as “Chrome · Android” */
function browserName() {
  const { userAgent } = navigator;
  const name = (/** @type {[string, RegExp][]} */ names) =>
    names.find(([, pattern]) => pattern.test(userAgent))?.[0];
  const browser = name([
    ['Edge', /Edg/],
    ['Samsung Internet', /SamsungBrowser/],
    ['Firefox', /Firefox|FxiOS/],
    ['Chrome', /Chrom|CriOS/],
    ['Safari', /Safari/],
  ]);
  const system = name([
    ['Android', /Android/],
    ['iPhone', /iPhone/],
    ['iPad', /iPad/],
    ['Windows', /Windows/],
    ['macOS', /Mac/],
    ['Linux', /Linux/],
  ]);
  return [browser, system].filter(Boolean).join(' · ');
}

/** Shows the person, and the sections that a guest or the holder of a handle can use. */
function show() {
  profile.show();
  page.show();
  announce.show();
  const guest = identity.me?.guest ?? true;
  for (const { root } of [page, announce, recovery, passkeys, transfer]) root.hidden = guest;
  signIn.root.hidden = !guest;
}

async function load() {
  byId('trouble').hidden = true;
  try {
    const me = await identity.load();
    signIn.passkeys = passkeys.possible = me.passkeys;
    language.chosen = me.language;
    showDeletion(me.delete_at);
    document.body.dataset.screen = 'ready';
    pushBrowser.renew(me.person.id).catch(() => {}); // the section shows the state
    await arrive();
  } catch (error) {
    setText(byId('trouble-text'), /** @type {Error} */ (error).message);
    byId('trouble').hidden = false;
  }
}

/** Signs in with the transfer code in the page's URL, if there is one and the user agrees. */
async function arrive() {
  const code = new URLSearchParams(location.hash.slice(1)).get('transfer');
  if (!code) return;
  history.replaceState(null, '', location.pathname);
  if (await confirmed('arrive-dialog')) await signIn.arrive(code);
}

identity.onChange(show);
byId('trouble-retry').addEventListener('click', load);
partOf(deletion, 'restore').addEventListener('click', async () => {
  try {
    await api.restoreMe();
    showDeletion(null);
    toast(t('me.delete.kept'));
  } catch (error) {
    toast(/** @type {Error} */ (error).message);
  }
});
void load();
registerServiceWorker();
new AppBadge().start();
