// Events wait here until the server has them: one storage key each, so that tabs
// can never lose each other's.

import { Limit } from "./limits";
import { attempt, uuid } from "./page.js";
import { DROPPED, OURS, get, known, off, put, queued, remove } from "./storage.js";
import { closeView, marks } from "./views.js";
import { visitor } from "./visitor.js";

/**
 * @typedef {object} Event design: the batch
 * @property {"view" | "leave" | "event" | "identify"} type
 * @property {string} [id]
 * @property {string | null} [visitor]
 * @property {number} [time] ms since 1970
 * @property {number} [tz] minutes east of UTC
 * @property {string} [as] the mark of who was signed in
 * @property {string} [view] the id of the view it belongs to
 * @property {string} [url]
 * @property {string} [title]
 * @property {string} [referrer]
 * @property {string} [from] the id of the view before
 * @property {string} [kind]
 * @property {number} [width]
 * @property {string} [lang]
 * @property {number} [status]
 * @property {number} [engaged] ms
 * @property {number} [scroll] percent
 * @property {string} [name]
 * @property {unknown} [props]
 * @property {string} [token]
 */

// A key: OURS, the id, "e" or for a leave "l", the visitor.
const KIND = OURS.length + 36;

/**
 * What this page recorded and the server has not, and who waits for the outcome.
 *
 * @type {Record<string, any>}
 */
export const own = {};

/** @type {(event: Event) => unknown} */
let hook = (event) => event;

let last = 0;

/** @param {typeof hook} edit given an event, may change it; returns false to drop it */
export const setHook = (edit) => void (hook = edit);

/** @param {string} key */
export const visitorOf = (key) => key.slice(KIND + 1);

/** @param {string} key */
const isLeave = (key) => key[KIND] == "l";

/**
 * Take the event out of the queue and tell who waits for it.
 *
 * @param {string} key
 * @param {boolean} taken does the server have it
 */
export const settled = (key, taken = false) => {
  remove(key);
  if (own[key]) own[key](taken);
  delete own[key];
};

/** @param {string} key */
export const giveUp = (key) => {
  if (!isLeave(key)) put(DROPPED, -~get(DROPPED));
  settled(key);
};

/**
 * Queue an event, before anything else happens to it. One recorded again under its
 * id replaces itself.
 *
 * @param {Event} event is given what is missing: id, time, visitor, mark
 * @returns {string | void} its key, if it is taken
 */
export const record = (event) => {
  if (off()) return;

  if (!event.time) {
    const now = Date.now();
    // No two at the same moment, unless the clock was set back.
    event.time = last = now > last || now < last - Limit.AT_ONCE ? now : last + 1;
    event.tz = -new Date().getTimezoneOffset();
    event.id = uuid(event.time);
    event.visitor = visitor();
    event.as = marks[/** @type {string} */ (event.visitor)];
  }
  // Without a visitor only views are counted.
  if (!event.visitor && !event.url) return;

  const copy = { ...event };
  const edited = attempt(hook, copy);
  const taken = edited || edited === undefined;
  const raw = taken && attempt(JSON.stringify, edited || copy);
  if (!raw) return;

  const name = event.id ? event.id + "e" : event.view + "l";
  const key = OURS + name + (event.visitor || "");
  if (raw.length > Limit.EVENT_LENGTH) return giveUp(key);

  put(key, raw);
  if (!own[key]) {
    own[key] = () => {};
    // Keep the newest of the week, within bounds that leave the host its storage.
    const oldest = OURS + uuid(Date.now() - Limit.OLDEST);
    let length = 0;
    queued()
      .reverse()
      .forEach((one, newer) => {
        length += get(one).length;
        const excess = newer >= Limit.MOST_EVENTS || length > Limit.MOST_LENGTH;
        if (excess || one < oldest) giveUp(one);
      });
  }
  return key;
};

/**
 * The oldest events that may be sent together: those of one visitor, within bounds.
 * Leaves alone are not worth a request, unless `all`.
 *
 * @param {number} most
 * @param {boolean} [all]
 * @param {boolean} [mine] only what this page recorded
 * @returns {string[]} their keys
 */
export const pick = (most, all, mine) => {
  closeView();
  const keys = queued().filter(
    (key) => (!mine || own[key]) && (known() || !visitorOf(key)),
  );
  if (!all && keys.every(isLeave)) return [];

  let length = 0;
  return keys
    .filter((key) => visitorOf(key) == visitorOf(keys[0]))
    .slice(0, most)
    .filter((key, at) => (length += get(key).length) < Limit.BATCH_LENGTH || !at);
};
