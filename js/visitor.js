// Who this browser is, and whether it may be known at all.

import { settings, uuid } from "./page.js";
import { BORN, FRESH, OFF, VISITOR, get, put } from "./storage.js";

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const THIRTEEN_MONTHS = 395 * 864e5;

/** @type {{globalPrivacyControl?: boolean, doNotTrack?: string | null}} */
const browser = navigator;

/** The browser asks not to be followed, or its owner opted out here. */
export const off = () =>
  get(OFF) ||
  (settings.gpc !== "ignore" &&
    (browser.globalPrivacyControl || browser.doNotTrack === "1"));

/** A new id, made on purpose: the server must not join it to the old one. */
export function renew() {
  put(FRESH, 1);
  put(VISITOR, uuid());
  put(BORN, Date.now());
}

/** The visitor's id, made when there is none. */
export function visitor() {
  if (!UUID.test(get(VISITOR))) {
    put(VISITOR, uuid());
    put(BORN, Date.now());
  }
  if (!get(BORN)) put(BORN, Date.now());

  if (Date.now() - +get(BORN) > THIRTEEN_MONTHS) renew();
  return get(VISITOR);
}
