// localStorage that never throws: what it refuses stays in memory.

import { attempt, settings } from "./page.js";

const site = settings.site ? "." + settings.site : "";

/** Starts every key of ours. A queued event's goes on with its uuid7. */
export const OURS = "unt" + site + ":";

/** Of the 2017 tracker, so that its visitors stay who they are. */
export const VISITOR = "tracker-uuid" + site;

export const BORN = OURS + "born";
export const CONSENT = OURS + "consent";
export const DROPPED = OURS + "dropped";
export const FRESH = OURS + "fresh";
export const GATE = OURS + "gate";
export const OFF = OURS + "off";
const FROM = OURS + "from";

// Choices as they are stored.
export const YES = "1";
export const NO = "0";

/** @type {Record<string, any>} */
const store = attempt(() => localStorage) || {};

/** @type {Record<string, any>} */
const tab = attempt(() => sessionStorage) || {};

/** @type {Record<string, any>} what may not, or could not, be stored */
const memory = {};

/** @param {string} key */
export const get = (key) => memory[key] || store[key];

/** May anything be kept in this browser, and the visitor be named to the server? */
export const granted = () => (get(CONSENT) || (settings.consent ? NO : YES)) === YES;

/**
 * @param {string} key
 * @param {any} value
 */
export function keep(key, value) {
  memory[key] = value;
  attempt(() => {
    store[key] = value;
    delete memory[key];
  });
}

/**
 * Like `keep`, but in memory until the visitor agreed.
 *
 * @param {string} key
 * @param {any} value
 */
export function put(key, value) {
  if (granted()) keep(key, value);
  else memory[key] = value;
}

/** @param {string} key */
export function remove(key) {
  delete memory[key];
  delete store[key];
}

/**
 * @param {string} start
 * @returns {string[]} the keys that start so, sorted
 */
const keys = (start) =>
  Object.keys({ ...store, ...memory })
    .filter((key) => key.startsWith(start))
    .sort();

/** The keys of the queued events, oldest first. */
export const queued = () => keys(OURS + "0");

/** What was held in memory moves to where it lasts. */
export function settle() {
  for (const key in memory) keep(key, memory[key]);
}

/** The id of the view before, in this tab. */
export const trace = () => tab[FROM];

/** @param {string} [id] of the view that is on, none to forget it */
export const leaveTrace = (id) => void (tab[FROM] = id || "");

/** Forget the visitor and all that waits, not the choices made. */
export function wipe() {
  for (const key of keys(OURS)) if (key !== CONSENT && key !== OFF) remove(key);
  remove(VISITOR);
  delete tab[FROM];
}
