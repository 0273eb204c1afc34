// Sends what waits, one tab at a time, and lets go only of what the server has.

import { attempt, elapsed, on } from "./page.js";
import { giveUp, marks, own, pick, settled, visitorOf } from "./queue.js";
import {
  DROPPED,
  FRESH,
  GATE,
  VISITOR,
  get,
  put,
  queued,
  remove,
} from "./storage.js";
import { known, off, renew, visitor } from "./visitor.js";

/**
 * @typedef {import("./queue.js").Waiting} Waiting
 *
 * @typedef {object} Said what an answer may say
 * @property {string} [as]
 * @property {string} [error]
 * @property {{index: number}[]} [rejected]
 * @property {string[]} [gone]
 */

const BATCH_EVENTS = 50;
const LEASE = 15e3;
const PATIENCE = 12e3;
const LONGEST_BACK_OFF = 3e5;
const HOUR = 36e5;
const JITTER = 900;

let server = "";

/** @param {string} address where events go */
export const aim = (address) =>
  void (server = new URL(address, location.href).href.replace(/\/$/, ""));

/** The gate as this page wrote it while it sends, else "". */
let lease = "";
let most = BATCH_EVENTS;
let timer = 0;
let due = 0;

/**
 * The gate that all tabs share says until when they wait, after how many failures,
 * and since when. One from the future (the clock was set back) binds nobody.
 *
 * @returns {[wait: number, fails: number]}
 */
function gate() {
  const [until, fails, since] = (get(GATE) || "0|0|0").split("|");
  const now = Date.now();
  return [since <= now ? until - now : 0, +fails];
}

/**
 * @param {number} wait ms
 * @param {number} fails
 */
function shut(wait, fails) {
  const now = Date.now();
  const value = now + wait + "|" + fails + "|" + now;
  put(GATE, value);
  return value;
}

/** Let other tabs, or the next page, send. */
function release() {
  if (get(GATE) === lease) remove(GATE);
  lease = "";
}

/**
 * Send in `delay` ms, or sooner if that was already planned.
 *
 * @param {number} delay
 */
export function wake(delay) {
  if (timer && due < elapsed() + delay) return;

  clearTimeout(timer);
  due = elapsed() + delay;
  timer = setTimeout(() => {
    timer = 0;
    send();
  }, delay);
}

/** Tabs that wait for the same moment must not all send then. */
const wakeSomewhen = (wait = 0) => wake(wait + Math.random() * JITTER);

/** @type {() => void} */
let prepare = () => {};

/** @param {typeof prepare} work called just before events leave */
export const beforeSending = (work) => void (prepare = work);

/**
 * @param {Waiting[]} batch
 * @param {boolean} [clear] delete the visitor's cookie
 */
const body = (batch, clear) =>
  JSON.stringify({
    v: 1,
    sent: Date.now(),
    zone: attempt(() => Intl.DateTimeFormat().resolvedOptions().timeZone),
    dropped: +get(DROPPED) || 0,
    webdriver: !!navigator.webdriver,
    fresh: isFresh(batch),
    clear,
  }).replace(/}$/, () => ',"events":[' + batch.map(([, raw]) => raw) + "]}");

/** @param {Waiting[]} batch */
const isFresh = (batch) =>
  !!get(FRESH) && batch.some(([key]) => visitorOf(key) === get(VISITOR));

/**
 * @param {string} path
 * @param {string} text a string is sent as text/plain: no preflight
 * @returns {Promise<[status: number, said?: Said, after?: number]>} 0: no answer
 */
async function post(path, text) {
  try {
    const answer = await fetch(server + path, {
      method: "POST",
      body: text,
      keepalive: true,
      signal: attempt(() => AbortSignal.timeout(PATIENCE)),
    });
    const reply = await answer.text();
    return [
      answer.status,
      attempt(() => JSON.parse(reply || "{}")),
      +(answer.headers.get("Retry-After") || 0),
    ];
  } catch {
    return [0];
  }
}

/**
 * Send what waits, unless another tab does or the server asked for patience.
 *
 * @param {boolean} [all] leaves too, though they can wait
 */
export const send = (all) => deliver(all).catch(() => {});

/** @param {boolean} [all] */
async function deliver(all) {
  if (lease || off() || /** @type {any} */ (document).prerendering) return;

  let [wait, fails] = gate();
  if (wait > 0) return pick(most, all)[0] && wakeSomewhen(wait);

  for (wait = 0; !wait; ) {
    prepare();
    const batch = pick(most, all);
    if (!batch[0]) return release();

    all = false;

    const mine = (lease = shut(LEASE, 0));
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
 * @param {Awaited<ReturnType<typeof post>>} answer
 * @param {number} fails before this one
 * @returns {number} ms to wait before the next request
 */
function conclude(batch, [status, said, after], fails) {
  // A page that says 200 where JSON was due is not our server.
  if (said && status > 199 && status < 300) return acknowledge(batch, said);

  const { error, gone } = said || {};
  if (status === 410 && gone && gone[0]) return forget(gone);
  if (/40[1345]|415/.test("" + status) || error === "version") return HOUR;
  if (status === 400 || status === 413) {
    most = batch.length >> 1 || 1;
    if (!batch[1]) giveUp(batch[0][0]);
    return 0;
  }
  const doubled = Math.min(LONGEST_BACK_OFF, 2e3 * 2 ** fails);
  return Math.max(doubled * (0.5 + Math.random() / 2), Math.min((after || 0) * 1e3, HOUR));
}

/**
 * @param {Waiting[]} batch
 * @param {Said} said
 */
function acknowledge(batch, { as, rejected = [] }) {
  most = BATCH_EVENTS;
  if (as !== undefined) marks[visitorOf(batch[0][0])] = as;
  if (isFresh(batch)) remove(FRESH);
  batch.forEach(([key, raw], at) => {
    // A leave that grew since it was sent stays.
    if (get(key) === raw) settled(key, !rejected.some(({ index }) => index === at));
  });
  return 0;
}

/**
 * The server was told to forget these visitors: so do we.
 *
 * @param {string[]} gone
 */
function forget(gone) {
  for (const key of queued()) if (gone.includes(visitorOf(key))) settled(key, false);
  if (gone.includes(visitor())) renew();
  return 0;
}

/** The page is going: hand over what it has not heard back about. It stays queued. */
export function sendLast() {
  release();
  const [wait, fails] = gate();
  if (off() || (fails && wait > 5e3)) return;

  prepare();
  const batch = pick(BATCH_EVENTS, true, true);
  if (batch[0]) navigator.sendBeacon(server + "/e", body(batch));
}

/** Ask the server to delete its cookie. */
export const sendClear = () => post("/e", body([], true));

/**
 * @param {string} email
 * @returns {Promise<boolean>} does the server have it
 */
export async function sendEmail(email) {
  if (!known()) return false;

  const text = JSON.stringify({ visitor: visitor(), email });
  const [status, said] = await post("/email", text);
  if (said && said.gone) forget(said.gone);
  return status === 200;
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
