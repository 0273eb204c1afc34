// localStorage that never throws: what it refuses stays in memory.

import { attempt, settings } from "./page.js";

const site = settings.site ? "." + settings.site : "";

/** Of the 2017 tracker, so that its visitors stay who they are. */
export const VISITOR = "tracker-uuid" + site;

/** Starts the key of every queued event; no other key of ours starts so. */
export const EVENT = "unt" + site + ":";

export const BORN = "unt" + site + ".born";
export const CONSENT = "unt" + site + ".consent";
export const DROPPED = "unt" + site + ".dropped";
export const FRESH = "unt" + site + ".fresh";
export const FROM = "unt" + site + ".from";
export const GATE = "unt" + site + ".gate";
export const OFF = "unt" + site + ".off";

/** @type {Record<string, string>} */
let memory = {};

/** @param {string} key */
const stored = (key) => attempt(() => localStorage.getItem(key)) || "";

const consented = () => stored(CONSENT) || memory[CONSENT];

/** May anything be kept in this browser, and the visitor be named to the server? */
export const granted = () =>
  consented() ? consented() === "1" : !settings.consent;

/** Before consent views are counted without a visitor. */
export const nameless = () => settings.consent === "anonymous" && !granted();

/** @param {string} key */
export const get = (key) => (key in memory ? memory[key] : stored(key));

/**
 * @param {string} key
 * @param {string | number} value
 * @param {boolean} [always] a choice about privacy is kept whatever it is
 */
export function put(key, value, always) {
  memory[key] = "" + value;
  attempt(() => {
    if (!always && !granted()) return;

    localStorage.setItem(key, memory[key]);
    delete memory[key];
  });
}

/** @param {string} key */
export function remove(key) {
  delete memory[key];
  attempt(() => localStorage.removeItem(key));
}

/** The keys of the queued events, oldest first. */
export function queued() {
  const all = Object.keys(memory).concat(
    attempt(() => Object.keys(localStorage)) || [],
  );
  return all.filter((key) => key.startsWith(EVENT)).sort();
}

/** What was held in memory moves to where it lasts. */
export function settle() {
  for (const key in memory) put(key, memory[key]);
}

/** @type {string | undefined} */
let trace;

/** The id of the view before this one, in this tab. */
export const before = () =>
  attempt(() => sessionStorage.getItem(FROM)) || trace || undefined;

/** @param {string | undefined} id of the view that is on now */
export function leaveTrace(id) {
  trace = id;
  attempt(() => granted() && sessionStorage.setItem(FROM, id || ""));
}

/** Forget the visitor and all that waits, not the choices made. */
export function wipe() {
  for (const key of queued().concat(VISITOR, BORN, FRESH, DROPPED, GATE)) remove(key);
  trace = "";
  attempt(() => sessionStorage.removeItem(FROM));
}
