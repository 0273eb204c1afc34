// localStorage that never throws: what it refuses, or may not keep, stays in memory.

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

/** @type {Record<string, any>} */
const store = attempt(() => localStorage) || {};

/** @type {Record<string, any>} holds under OURS the id of the view before */
export const tab = attempt(() => sessionStorage) || {};

/** @type {Record<string, any>} */
const memory = {};

/** @param {string} key */
export const get = (key) => store[key] || memory[key];

/** The browser asks not to be followed, or its owner opted out here. */
export const off = () =>
  get(OFF) == 1 ||
  (settings.gpc != "ignore" &&
    (/** @type {any} */ (navigator).globalPrivacyControl ||
      navigator.doNotTrack == "1"));

/** May anything be kept in this browser, and the visitor be named to the server? */
export const known = () => !off() && (get(CONSENT) || !("consent" in settings)) == 1;

/**
 * Keep it where it lasts, once the visitor may be known.
 *
 * @param {string} key
 * @param {any} value
 * @param {boolean} [lasts] in any case
 */
export const put = (key, value, lasts = known()) => {
  memory[key] = value;
  if (lasts)
    attempt(() => {
      store[key] = value;
      return delete memory[key];
    }) || delete store[key];
};

/** @param {string} key */
export const remove = (key) => {
  delete memory[key];
  delete store[key];
};

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

/** What was held in memory moves to where it lasts, but for what another tab says. */
export const settle = () =>
  Object.keys(memory).forEach((key) => put(key, get(key)));
