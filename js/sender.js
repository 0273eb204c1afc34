// Sends what waits, one tab at a time, and lets go only of what the server has.

import { attempt, elapsed, home, on } from "./page.js";
import {
  BATCH_EVENTS,
  giveUp,
  marks,
  own,
  pick,
  settled,
  visitorOf,
} from "./queue.js";
import { DROPPED, FRESH, GATE, get, granted, put, queued, remove } from "./storage.js";
import { off, renew, visitor } from "./visitor.js";

/** @typedef {import("./queue.js").Waiting} Waiting */

const LEASE = 15e3;
const GIVE_UP_WAITING = 12e3;
const LONGEST_BACK_OFF = 3e5;
const HOUR = 36e5;
const JITTER = 900;

const GO_ON = 0;
const BACK_OFF = 1;
const LATER = 2;

let server = home.replace(/\/$/, "");

/** @param {string} [address] */
export function aim(address) {
  if (address) server = new URL(address, location.href).href.replace(/\/$/, "");
}

/** The gate as we wrote it while this page holds it, else "". */
let lease = "";
let most = BATCH_EVENTS;
let timer = 0;
let due = 0;

/**
 * The gate: until when all tabs wait, after how many failures, since when.
 * One from the future means that the clock was set back: nobody waits for that.
 */
function gate() {
  const [until, fails, since] = get(GATE).split("|").map(Number);
  const now = Date.now();
  return { wait: since <= now && until > now ? until - now : 0, fails: fails || 0 };
}

/**
 * @param {number} wait ms
 * @param {number} fails
 */
function shut(wait, fails) {
  const now = Date.now();
  const value = [now + wait + Math.random(), fails, now].join("|");
  put(GATE, value);
  return value;
}

/** Let other tabs, or the next page, send. */
export function release() {
  if (lease && get(GATE) === lease) remove(GATE);
  lease = "";
}

/**
 * Send in `delay` ms, or sooner if that was already planned.
 *
 * @param {number} delay
 */
export function wake(delay) {
  const then = elapsed() + delay;
  if (timer && due <= then) return;

  clearTimeout(timer);
  due = then;
  timer = setTimeout(() => {
    timer = 0;
    send();
  }, delay);
}

const wakeSomewhen = (wait = 0) => wake(wait + Math.random() * JITTER);

/** @type {() => void} */
let refresh = () => {};

/** @param {typeof refresh} work called just before events leave */
export const beforeSending = (work) => void (refresh = work);

/**
 * @param {Waiting[]} batch
 * @param {string} [more] further fields
 */
function body(batch, more) {
  const fields = JSON.stringify({
    v: 1,
    sent: Date.now(),
    zone: attempt(() => Intl.DateTimeFormat().resolvedOptions().timeZone),
    dropped: +get(DROPPED) || 0,
    webdriver: !!navigator.webdriver,
    fresh: isFresh(batch),
  });
  return (
    fields.slice(0, -1) +
    (more || "") +
    ',"events":[' +
    batch.map((waiting) => waiting.raw).join() +
    "]}"
  );
}

/** @param {Waiting[]} batch */
const isFresh = (batch) =>
  !!(batch[0] && get(FRESH) && visitorOf(batch[0].key) === visitor());

/**
 * @param {string} path
 * @param {string} text a string is sent as text/plain: no preflight
 * @returns {Promise<{status: number, after: number, said: any}>} status 0: no answer
 */
async function post(path, text) {
  const aborter = new AbortController();
  const clock = setTimeout(() => aborter.abort(), GIVE_UP_WAITING);
  let status = 0;
  let after = 0;
  let said = {};
  try {
    const answer = await fetch(server + path, {
      method: "POST",
      body: text,
      keepalive: true,
      signal: aborter.signal,
    });
    const reply = await answer.text();
    after = Number(answer.headers.get("Retry-After")) || 0;
    status = answer.status;
    if (reply) said = JSON.parse(reply);
  } catch (error) {
    // A page that says 200 where JSON was due is not our server.
    if (status < 300) status = 0;
  }
  clearTimeout(clock);
  return { status, after, said };
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

  const { wait, fails } = gate();
  if (wait) return pick(most, all).length ? wakeSomewhen(wait) : undefined;

  for (let batch; (batch = next(all)).length; ) {
    const mine = (lease = shut(LEASE, 0));
    const answer = await post("/e", body(batch));
    const outcome = conclude(batch, answer);
    if (lease !== mine) return;
    if (outcome !== GO_ON) return backOff(outcome, fails, answer.after);
  }
  release();
}

/** @param {boolean} [all] */
function next(all) {
  refresh();
  return pick(most, all);
}

/**
 * @param {number} outcome
 * @param {number} fails before this one
 * @param {number} after seconds that the server asked for
 */
function backOff(outcome, fails, after) {
  const doubled = Math.min(LONGEST_BACK_OFF, 2 ** (fails + 1) * 1e3);
  const wait = outcome === LATER ? HOUR : doubled * (0.5 + Math.random() / 2);
  lease = "";
  shut(Math.max(wait, Math.min(after * 1e3, HOUR)), fails + 1);
  wakeSomewhen(gate().wait);
}

/**
 * Do to the queue what the answer says.
 *
 * @param {Waiting[]} batch
 * @param {Awaited<ReturnType<typeof post>>} answer
 * @returns {number} what to do next
 */
function conclude(batch, { status, said }) {
  if (status > 199 && status < 300) return acknowledge(batch, said);
  if (status === 410) return forget(said.gone) ? GO_ON : BACK_OFF;
  if ([401, 403, 404, 405, 415].includes(status)) return LATER;
  if (said.error === "version") return LATER;
  if (status !== 400 && status !== 413) return BACK_OFF;

  most = batch.length >> 1 || 1;
  if (batch.length < 2) giveUp(batch[0].key);
  return GO_ON;
}

/**
 * @param {Waiting[]} batch
 * @param {{as?: string, rejected?: {index: number}[]}} said
 */
function acknowledge(batch, said) {
  const refused = (said.rejected || []).map((one) => one.index);
  most = Math.min(most * 2, BATCH_EVENTS);
  if (said.as !== undefined) marks[visitorOf(batch[0].key)] = said.as;
  if (isFresh(batch)) remove(FRESH);

  batch.forEach(({ key, raw }, index) => {
    // A leave that grew since it was sent stays.
    if (get(key) === raw) settled(key, !refused.includes(index));
  });
  return GO_ON;
}

/**
 * The server was told to forget these visitors: so do we.
 *
 * @param {string[]} [gone]
 */
function forget(gone) {
  if (!gone || !gone.length) return false;

  for (const key of queued()) if (gone.includes(visitorOf(key))) settled(key, false);
  if (gone.includes(visitor())) renew();
  return true;
}

/**
 * The page is going: hand over what it has not heard back about. It stays queued.
 */
export function sendLast() {
  release();
  const { wait, fails } = gate();
  if (off() || (fails && wait > 5e3)) return;

  refresh();
  const batch = pick(BATCH_EVENTS, true, true);
  if (batch.length) navigator.sendBeacon(server + "/e", body(batch));
}

/** Ask the server to delete its cookie. */
export const sendClear = () => void post("/e", body([], ',"clear":true'));

/**
 * @param {string} address
 * @returns {Promise<boolean>} does the server have it
 */
export async function sendEmail(address) {
  if (off() || !granted()) return false;

  const named = JSON.stringify({ visitor: visitor(), email: address });
  const { status, said } = await post("/email", named);
  if (status === 410) forget(said.gone);
  return status > 199 && status < 300;
}

/** Follow what other tabs, and the network, do. */
export function followOthers() {
  on(window, "storage", ({ key, newValue }) => {
    if (newValue) return;
    if (key === GATE) wakeSomewhen();
    if (own[key]) settled(key, true);
  });
  on(window, "online", () => {
    if (gate().fails) remove(GATE);
    wakeSomewhen();
  });
}
