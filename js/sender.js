// Sends what waits, one tab at a time, and lets go only of what the server has.

import { Limit } from "./limits";
import { attempt, on, settings, src } from "./page.js";
import { giveUp, given, own, pick, settled, visitorOf } from "./queue.js";
import { DROPPED, FRESH, GATE, get, put, queued, remove } from "./storage.js";
import { closeView, hush } from "./views.js";
import { known, off, renew, visitor } from "./visitor.js";

/**
 * @typedef {import("./queue.js").Waiting} Waiting
 *
 * @typedef {object} Said what an answer may say, nothing where there was none
 * @property {number} [status]
 * @property {number} [after] seconds to wait
 * @property {number} [accepted]
 * @property {string} [as]
 * @property {string} [error]
 * @property {{index: number}[]} [rejected]
 * @property {string[]} [gone]
 */

/** Where events go: as UNT(server) says, or the tag, or to the script's folder. */
let server = settings.server || src.replace(/[^/]*$/, "");

/** @param {string} [address] */
export const aim = (address) =>
  void (server = (address || server).replace(/\/$/, ""));

/** The gate as this page wrote it while it sends, else "". */
let lease = "";
let most = Limit.BATCH_EVENTS;
let timer = 0;

/**
 * The gate that all tabs share says until when they wait, after how many failures,
 * and since when. One from the future (the clock was set back) binds nobody.
 *
 * @returns {[wait: number, fails: number]}
 */
function gate() {
  const [until, fails, since] = (get(GATE) || "||").split("|");
  const now = Date.now();
  return [since <= now ? until - now : 0, +fails];
}

/**
 * @param {number} wait ms
 * @param {number} fails
 * @returns {string}
 */
function shut(wait, fails) {
  const now = Date.now();
  put(GATE, [now + wait, fails, now].join("|"));
  return get(GATE);
}

/** Let other tabs, or the next page, send. */
function release() {
  if (get(GATE) === lease) remove(GATE);
  lease = "";
}

/** @param {number} delay ms until what waits is sent */
export function wake(delay) {
  clearTimeout(timer);
  timer = setTimeout(send, delay);
}

/** Tabs that wait for the same moment must not all send then. */
const wakeSomewhen = (wait = 0) => wake(wait + Math.random() * Limit.JITTER);

/** The time zone's name; Intl first loads 10 ms of data for it, so it comes second. */
const zone = () =>
  attempt(() => /** @type {any} */ (window).Temporal.Now.timeZoneId()) ||
  attempt(() => Intl.DateTimeFormat().resolvedOptions().timeZone);

/** @param {Waiting[]} batch */
const body = (batch) =>
  JSON.stringify({
    v: 1,
    sent: Date.now(),
    zone: zone(),
    dropped: +get(DROPPED) || 0,
    webdriver: navigator.webdriver,
    fresh: visitorOf(batch[0][0]) === get(FRESH),
  }).slice(0, -1) + `,"events":[${batch.map(([, raw]) => raw)}]}`;

/**
 * @param {string} path
 * @param {string} text a string is sent as text/plain: no preflight
 * @returns {Promise<Said>}
 */
async function post(path, text) {
  try {
    const answer = await fetch(server + path, {
      method: "POST",
      body: text,
      keepalive: true,
      signal: attempt(() => AbortSignal.timeout(Limit.PATIENCE)),
    });
    const { status, headers } = answer;
    const reply = await answer.text();
    const after = +(headers.get("Retry-After") || 0);
    return { ...attempt(() => JSON.parse(reply)), status, after };
  } catch {
    return {};
  }
}

/**
 * Send what waits, unless another tab does or the server asked for patience.
 *
 * @param {boolean} [all] leaves too, though they can wait
 */
export async function send(all) {
  if (lease || off() || /** @type {any} */ (document).prerendering) return;

  let [wait, fails] = gate();
  if (wait > 0) return pick(most, all)[0] && wakeSomewhen(wait);

  for (wait = 0; !wait; all = false) {
    closeView();
    const batch = pick(most, all);
    if (!batch[0]) return release();

    const mine = (lease = shut(Limit.LEASE, 0));
    wait = conclude(batch, await post("/e", body(batch)), fails);
    if (lease !== mine) return;
  }
  lease = "";
  shut(wait, fails + 1);
  wakeSomewhen(wait);
}

/**
 * Do to the queue what the answer says.
 *
 * @param {Waiting[]} batch
 * @param {Said} said
 * @param {number} fails before this one
 * @returns {number} ms to wait before the next request
 */
function conclude(batch, said, fails) {
  const { status, after = 0 } = said;
  const who = visitorOf(batch[0][0]);
  // A page that says 200 where this was due is not our server.
  if (said.accepted != null) {
    const refused = (said.rejected || []).map(({ index }) => index);
    most = Limit.BATCH_EVENTS;
    if (said.as != null) given.marks[who] = said.as;
    if (who === get(FRESH)) remove(FRESH);
    batch.forEach(([key, raw], at) => {
      // A leave that grew since it was sent stays.
      if (get(key) === raw) settled(key, !refused.includes(at));
    });
    return 0;
  }
  if (forget(said).includes(who)) return 0;
  if (/40[1345]|415/.test("" + status) || said.error === "version") return Limit.HOUR;
  if (/400|413/.test("" + status)) {
    most = batch.length >> 1 || 1;
    if (!batch[1]) giveUp(batch[0][0]);
    return 0;
  }
  const doubled = Math.min(Limit.LONGEST_BACK_OFF, Limit.FIRST_BACK_OFF * 2 ** fails);
  return Math.max(doubled * (0.5 + Math.random() / 2), Math.min(after * 1e3, Limit.HOUR));
}

/**
 * The server was told to forget some visitors: so do we.
 *
 * @param {Said} said
 */
function forget({ gone = [] }) {
  for (const key of queued()) if (gone.includes(visitorOf(key))) settled(key, false);
  hush(gone);
  if (gone.includes(visitor())) renew();
  return gone;
}

/** The page is going: hand over what it has not heard back about. It stays queued. */
export function sendLast() {
  release();
  const [wait, fails] = gate();
  if (off() || (fails && wait > Limit.BEACON_ANYWAY)) return;

  closeView();
  const batch = pick(Limit.BATCH_EVENTS, true, true);
  if (batch[0]) navigator.sendBeacon(server + "/e", body(batch));
}

/** Ask the server to delete its cookie. */
export const sendClear = () => post("/e", '{"v":1,"events":[],"clear":true}');

/**
 * @param {string} email
 * @returns {Promise<boolean>} does the server have it
 */
export async function sendEmail(email) {
  if (!known()) return false;

  const said = await post("/email", JSON.stringify({ visitor: visitor(), email }));
  forget(said);
  return said.status === 200;
}

/** Follow what other tabs, and the network, do. */
export function followOthers() {
  on(window, "storage", ({ key }) => {
    if (get(key)) return;
    if (key === GATE) wakeSomewhen();
    if (own[key]) settled(key, true);
  });
  on(window, "online", () => {
    if (gate()[1]) remove(GATE);
    wakeSomewhen();
  });
}
