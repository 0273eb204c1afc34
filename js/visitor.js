// Who this browser is, and whether it may be known at all.

import { Limit } from "./limits";
import { settings, uuid } from "./page.js";
import { BORN, FRESH, FROM, OFF, VISITOR } from "./storage.js";
import { get, granted, put, remove, tab } from "./storage.js";

/** @type {{globalPrivacyControl?: boolean, doNotTrack?: string | null}} */
const browser = navigator;

/** The browser asks not to be followed, or its owner opted out here. */
export const off = () =>
  get(OFF) ||
  (settings.gpc !== "ignore" &&
    (browser.globalPrivacyControl || browser.doNotTrack == "1"));

/** May the visitor be named to the server? */
export const known = () => granted() && !off();

/** The visitor was made on purpose: the server must not join it to an older one. */
export const refresh = () => put(FRESH, visitor());

/** Become another visitor. */
export function renew() {
  remove(VISITOR);
  remove(BORN);
  delete tab[FROM];
  refresh();
}

/**
 * The visitor's id, made when there is none.
 *
 * @returns {string}
 */
export function visitor() {
  if (!/^[\da-f-]{36}$/i.test(get(VISITOR))) put(VISITOR, uuid());
  if (!get(BORN)) put(BORN, Date.now());
  if (Date.now() - get(BORN) > Limit.VISITOR_AGE) renew();
  return get(VISITOR);
}
