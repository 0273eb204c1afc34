// Who this browser is.

import { Limit } from "./limits";
import { settings, uuid } from "./page.js";
import { BORN, FRESH, OURS, VISITOR, get, known, put, remove, tab } from "./storage.js";

/** Become another visitor. */
export const renew = () => {
  remove(VISITOR);
  remove(BORN);
  delete tab[OURS];
  // Made on purpose: the server must not join it to an older one.
  put(FRESH, visitor());
};

/**
 * The visitor's id, made when there is none; null where views are counted without.
 *
 * @returns {string | null}
 */
export const visitor = () => {
  const now = Date.now();
  if (!known() && settings.consent == "anonymous") return null;

  if (now - get(BORN) > Limit.VISITOR_AGE) renew();
  if (!/^[\da-f-]{36}$/i.test(get(VISITOR))) put(VISITOR, uuid(now));
  if (!get(BORN)) put(BORN, now);
  return get(VISITOR);
};
