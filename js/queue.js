// Events wait here until the server has them: one storage key each, so that tabs
// can never lose each other's.

import { Limit } from "./limits";
import { attempt, settings, uuid } from "./page.js";
import { DROPPED, OURS, get, granted, put, queued, remove } from "./storage.js";
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
 * @typedef {[key: string, raw: string]} Waiting
 */

// A key: OURS, the id, "e" or for a leave "l", the visitor.
const KIND = OURS.length + 36;

/**
 * What this page recorded and the server has not, with who waits for the outcome.
 *
 * @type {Record<string, (taken: boolean) => void>}
 */
export const own = {};

/** The newest mark of each visitor that this page load was given. */
export const given = { marks: /** @type {Record<string, string | undefined>} */ ({}) };

/** @type {(event: Event) => unknown} */
let hook = (event) => event;

/** @param {typeof hook} edit given an event, may change it; returns false to drop it */
export const setHook = (edit) => void (hook = edit);

/** @param {string} key */
export const visitorOf = (key) => key.slice(KIND + 1);

/** @param {string} key */
const isLeave = (key) => key[KIND] === "l";

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

/** @param {string} [key] */
export function giveUp(key = "") {
  if (!isLeave(key)) put(DROPPED, (+get(DROPPED) || 0) + 1);
  settled(key, false);
}

/** Keep the newest of the week, within bounds that leave the host its storage. */
function bound() {
  const oldest = OURS + uuid(Date.now() - Limit.OLDEST);
  let length = 0;
  queued()
    .reverse()
    .forEach((key, newer) => {
      length += get(key).length;
      if (newer >= Limit.MOST_EVENTS || length > Limit.MOST_LENGTH || key < oldest) giveUp(key);
    });
}

/**
 * Queue an event, before anything else happens to it. One recorded again under its
 * id replaces itself.
 *
 * @param {Event} event is given its visitor and mark, unless it has a visitor
 * @param {(taken: boolean) => void} [taken] told whether the server has it
 * @returns {string} its key, "" when it is not taken
 */
export function record(event, taken = () => {}) {
  let key = "";
  attempt(() => {
    if (off()) return;

    if (event.visitor === undefined) {
      const nameless = !granted() && settings.consent === "anonymous";
      if (nameless && event.type !== "view") return;

      event.visitor = nameless ? null : visitor();
      event.as = given.marks[event.visitor || ""];
    }

    const copy = { ...event };
    const edited = attempt(() => hook(copy));
    if (!edited && edited !== undefined) return;

    const raw = JSON.stringify(edited || copy);
    if (raw.length > Limit.EVENT_LENGTH) return giveUp();

    key = OURS + (event.id ? event.id + "e" : event.view + "l") + (event.visitor || "");
    put(key, raw);
    if (!own[key]) bound();
    own[key] = taken;
  });
  if (!key) taken(false);
  return key;
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
    (key) => (!mine || own[key]) && (granted() || !visitorOf(key)),
  );
  if (!all && keys.every(isLeave)) return [];

  let length = 0;
  return keys
    .filter((key) => visitorOf(key) === visitorOf(keys[0]))
    .slice(0, most)
    .map((key) => /** @type {Waiting} */ ([key, get(key)]))
    .filter(([, raw], at) => (length += raw.length) < Limit.BATCH_LENGTH || !at);
}
