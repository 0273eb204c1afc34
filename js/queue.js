// Events wait here until the server has them: one storage key each, so that tabs
// can never lose each other's.

import { attempt } from "./page.js";
import {
  DROPPED,
  EVENT,
  get,
  granted,
  nameless,
  put,
  queued,
  remove,
} from "./storage.js";
import { off, visitor } from "./visitor.js";

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
 *
 * @typedef {{key: string, raw: string}} Waiting
 */

const MOST_EVENTS = 500;
const MOST_BYTES = 4e5;
const EVENT_BYTES = 2e4;
export const BATCH_EVENTS = 50;
const BATCH_BYTES = 3e4;
const WEEK = 6048e5;
const ID = 36;

/**
 * What this page recorded and the server has not, with who waits for the outcome.
 *
 * @type {Record<string, (taken: boolean) => void>}
 */
export const own = {};

/**
 * The newest mark of each visitor that this page load was given.
 *
 * @type {Record<string, string>}
 */
export const marks = {};

/** @type {((event: Event) => unknown) | undefined} */
let hook;

/** @param {typeof hook} edit given an event, returns it edited, or false to drop it */
export const setHook = (edit) => void (hook = edit);

/** @param {string} text */
const size = (text) => new Blob([text]).size;

/** @param {string} key */
export const visitorOf = (key) => key.slice(EVENT.length + ID + 1);

/** @param {string} key */
const isLeave = (key) => key[EVENT.length + ID] === "l";

/** @param {string} key */
const madeAt = (key) =>
  parseInt(key.slice(EVENT.length).replace("-", "").slice(0, 12), 16);

/**
 * Take the event out of the queue and tell who waits for it.
 *
 * @param {string} key
 * @param {boolean} taken does the server have it
 */
export function settled(key, taken) {
  remove(key);
  if (own[key]) own[key](taken);
  delete own[key];
}

/** @param {string} key */
export function giveUp(key) {
  if (!isLeave(key)) put(DROPPED, +get(DROPPED) + 1);
  settled(key, false);
}

/** Keep the newest, within bounds that leave the host its storage. */
function bound() {
  const keys = queued();
  let bytes = 0;
  for (let i = keys.length; i--; ) {
    // 20 events of the largest size are within the bounds: most pages never measure.
    if (keys.length > MOST_BYTES / EVENT_BYTES) bytes += get(keys[i]).length;
    if (keys.length - i > MOST_EVENTS || bytes > MOST_BYTES) giveUp(keys[i]);
  }
}

/**
 * Queue an event, before anything else happens to it. One recorded again under its
 * id replaces itself.
 *
 * @param {Event} given without visitor and mark, unless it is recorded again
 * @returns {{key: string, event: Event, done: Promise<boolean>}} key: "" when the
 *   event is not taken
 */
export function record(given) {
  const event = Object.assign({}, given);
  let key = "";
  let taken = /** @type {(taken: boolean) => void} */ (() => {});
  const done = new Promise((resolve) => void (taken = resolve));

  attempt(() => {
    if (off()) return;
    if (event.visitor === undefined) introduce(event);
    if (event.visitor === null && event.type !== "view") return;

    const edited = edit(event);
    if (!edited) return;

    const raw = JSON.stringify(edited);
    if (size(raw) > EVENT_BYTES) return put(DROPPED, +get(DROPPED) + 1);

    key = EVENT + (event.id ? event.id + "e" : event.view + "l") + (event.visitor || "");
    put(key, raw);
    own[key] = taken;
    bound();
  });
  if (!own[key]) taken(false);
  return { key, event, done };
}

/**
 * Say whose event it is, and who was signed in.
 *
 * @param {Event} event
 */
function introduce(event) {
  event.visitor = nameless() ? null : visitor();
  if (event.visitor) event.as = marks[event.visitor];
  else delete event.from;
}

/**
 * @param {Event} event
 * @returns {unknown} what the site's hook makes of it, null to drop it
 */
function edit(event) {
  const copy = Object.assign({}, event);
  const work = hook;
  const edited = work && attempt(() => work(copy));
  return edited === false || edited === null ? null : edited || copy;
}

/**
 * The oldest events that may be sent together: those of one visitor, within bounds.
 * Leaves alone are not worth a request, unless `all`.
 *
 * @param {number} most
 * @param {boolean} [all]
 * @param {boolean} [mine] only what this page recorded
 * @returns {Waiting[]}
 */
export function pick(most, all, mine) {
  const keys = queued().filter(
    (key) => (!mine || own[key]) && (!visitorOf(key) || granted()),
  );
  const old = keys.filter((key) => madeAt(key) < Date.now() - WEEK);
  old.forEach(giveUp);
  if (old[0]) return pick(most, all, mine);
  if (!all && keys.every(isLeave)) return [];

  let bytes = 0;
  return keys
    .filter((key) => visitorOf(key) === visitorOf(keys[0]))
    .slice(0, most)
    .map((key) => ({ key, raw: get(key) }))
    .filter(({ raw }, index) => (bytes += size(raw)) <= BATCH_BYTES || !index);
}
