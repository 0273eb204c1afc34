// Who this browser is, and whether it may be known at all.

import { settings, uuid } from "./page.js";
import { BORN, FRESH, OFF, VISITOR, YES, get, granted, put } from "./storage.js";

const THIRTEEN_MONTHS = 395 * 864e5;

/** @type {{globalPrivacyControl?: boolean, doNotTrack?: string | null}} */
const browser = navigator;

/** The browser asks not to be followed, or its owner opted out here. */
export const off = () =>
  get(OFF) ||
  (settings.gpc !== "ignore" &&
    (browser.globalPrivacyControl || browser.doNotTrack == "1"));

/** May the visitor be named to the server? */
export const known = () => granted() && !off();

/** A new id. */
function make() {
  put(VISITOR, uuid());
  put(BORN, Date.now());
}

/** A new id made on purpose: the server must not join it to the old one. */
export function renew() {
  put(FRESH, YES);
  make();
}

/** The visitor's id, made when there is none. */
export function visitor() {
  if (!/^[\da-f-]{36}$/i.test(get(VISITOR))) make();
  if (!get(BORN)) put(BORN, Date.now());
  if (Date.now() - get(BORN) > THIRTEEN_MONTHS) renew();
  return get(VISITOR);
}
