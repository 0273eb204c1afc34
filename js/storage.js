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
export const FROM = OURS + "from";
export const GATE = OURS + "gate";
export const OFF = OURS + "off";

/** @type {Record<string, any>} */
const store = attempt(() => localStorage) || {};

/** @type {Record<string, any>} */
export const tab = attempt(() => sessionStorage) || {};

/** @type {Record<string, any>} what may not, or could not, be stored */
const memory = {};

/** @param {string} key */
export const get = (key) => memory[key] || store[key];

/** May anything be kept in this browser, and the visitor be named to the server? */
export const granted = () => (get(CONSENT) || +!settings.consent) == 1;

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
export const put = (key, value) =>
  granted() ? keep(key, value) : (memory[key] = value);

/** @param {string} key */
export function remove(key) {
  delete memory[key];
  delete store[key];
}

/**
 * @param {string} start
 * @returns {string[]} the keys that start so, sorted
 */
export const keys = (start) =>
  Object.keys({ ...store, ...memory })
    .filter((key) => key.startsWith(start))
    .sort();

/** The keys of the queued events, oldest first. */
export const queued = () => keys(OURS + "0");

/** What was held in memory moves to where it lasts. */
export function settle() {
  for (const key in memory) keep(key, memory[key]);
}
