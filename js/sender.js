// Sends what waits, one tab at a time, and lets go only of what the server has.

import { Limit } from "./limits";
import { attempt, on, page, settings, src } from "./page.js";
import { giveUp, own, pick, settled, visitorOf } from "./queue.js";
import { CONSENT, DROPPED, FRESH, GATE } from "./storage.js";
import { get, known, put, remove } from "./storage.js";
import { closeView, forget, leaveNow, marks, uncount } from "./views.js";

/**
 * @typedef {object} Said what an answer may say, nothing where there was none
 * @property {any} [status]
 * @property {any} [after] seconds to wait
 * @property {number} [accepted]
 * @property {string} [as]
 * @property {string} [error]
 * @property {{index: number}[]} [rejected]
 * @property {(string | null | undefined)[]} [gone]
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
const gate = () => {
  const [until, fails, since] = (get(GATE) || ",,").split(",");
  const now = Date.now();
  return [since <= now && until > now ? until - now : 0, +fails];
};

/**
 * @param {number} wait ms
 * @param {number} fails
 */
const shut = (wait, fails) =>
  put(GATE, (lease = `${[Date.now() + wait, fails, Date.now()]}`));

/** Let other tabs, or the next page, send. */
export const release = () => {
  if (get(GATE) == lease) remove(GATE);
  lease = "";
};

/** @param {number} delay ms until what waits is sent */
export const wake = (delay) => {
  clearTimeout(timer);
  timer = setTimeout(send, delay);
};

/** Tabs that wait for the same moment must not all send then. */
const wakeSomewhen = (wait = 0) => wake(wait + Math.random() * Limit.JITTER);

/** @param {string[]} batch */
const body = (batch) =>
  `{"events":[${batch.map(get)}],` +
  JSON.stringify({
    v: 1,
    sent: Date.now(),
    // Intl first loads 10 ms of data for it, so it comes second.
    zone: attempt(() =>
      page.Temporal
        ? page.Temporal.Now.timeZoneId()
        : Intl.DateTimeFormat().resolvedOptions().timeZone,
    ),
    dropped: get(DROPPED) | 0,
    webdriver: navigator.webdriver,
    fresh: visitorOf(batch[0]) == get(FRESH),
  }).slice(1);

/**
 * @param {string} path
 * @param {string} text a string is sent as text/plain: no preflight
 * @returns {Promise<Said>}
 */
export const post = async (path, text) => {
  try {
    const answer = await fetch(server + path, {
      method: "POST",
      body: text,
      keepalive: true,
      signal: attempt(() => AbortSignal.timeout(Limit.PATIENCE)),
    });
    return {
      ...(await answer.json().catch(() => {})),
      status: answer.status,
      after: answer.headers.get("Retry-After"),
    };
  } catch {
    return {};
  }
};

/** Have the server delete the cookie that names the visitor. */
export const sendClear = () => post("/e", '{"events":[],"clear":true}');

/**
 * Send what waits, unless another tab does or the server asked for patience.
 *
 * @param {boolean} [all] leaves too, though they can wait
 */
export const send = async (all) => {
  // The page has settled, also where nothing can leave now.
  closeView();
  if (lease) return;

  let [wait, fails] = gate();
  for (; !wait; all = false) {
    const batch = pick(most, all);
    if (!batch[0]) return release();

    shut(Limit.LEASE, 0);
    const mine = lease;
    const raws = batch.map(get);
    const who = visitorOf(batch[0]);
    const said = await post("/e", body(batch));
    // A page that says 200 where this was due is not our server.
    if (said.accepted != null) {
      most = Limit.BATCH_EVENTS;
      fails = 0;
      // Who withdrew meanwhile just got the cookie back.
      if (who && !known()) sendClear();
      if (said.as != null) marks[who] = said.as;
      if (who == get(FRESH)) remove(FRESH);
      remove(DROPPED);
      batch.forEach((key, at) => {
        // A leave that grew since it was sent stays.
        if (get(key) != raws[at]) return;
        settled(key, !(said.rejected || []).some(({ index }) => index == at));
      });
    } else if (/400|413/.test(said.status) && said.error != "version") {
      if (batch[1]) most = batch.length >> 1;
      else giveUp(batch[0]);
    } else {
      forget(said);
      const asked = /40[01345]|415/.test(said.status) ? Limit.HOUR : said.after * 1e3;
      const doubled = Limit.FIRST_BACK_OFF * 2 ** fails;
      const backOff = Math.min(Limit.LONGEST_BACK_OFF, doubled);
      const random = 0.5 + Math.random() / 2;
      wait = Math.min(Limit.HOUR, Math.max(asked || 0, backOff * random));
    }
    if (lease != mine) return;
    if (wait) {
      shut(wait, fails + 1);
      lease = "";
    }
  }
  wakeSomewhen(wait);
};

/** Follow what other tabs, and the network, do, until the page goes. */
export const followOthers = () => {
  on("storage", ({ key, newValue }) => {
    if (key == CONSENT && newValue == "0") uncount();
    if (get(key)) return;
    if (key == GATE) wakeSomewhen();
    if (own[key]) settled(key, true);
  });
  on("online", () => {
    remove(GATE);
    wakeSomewhen();
  });
  // Hand over what the server has not been heard about. It stays queued.
  on("pagehide", () => {
    leaveNow();
    release();
    const [wait, fails] = gate();
    if (!fails || wait < Limit.BEACON_ANYWAY) {
      const batch = pick(Limit.BATCH_EVENTS, true, true);
      if (batch[0]) navigator.sendBeacon(server + "/e", body(batch));
    }
    // Nothing more is sent, until the page is shown again.
    lease = "gone";
  });
};
