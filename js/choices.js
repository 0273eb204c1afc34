// What the visitor, or the site for them, decides about being known.

import { own, settled } from "./queue.js";
import { sendClear } from "./sender.js";
import { CONSENT, FRESH, NO, OFF, YES } from "./storage.js";
import { get, keep, leaveTrace, remove, settle, wipe } from "./storage.js";
import { known, renew } from "./visitor.js";
import { resume, uncount } from "./views.js";

/**
 * Forget the visitor here, and tell the server to forget the cookie that names them.
 *
 * @param {string} choice
 * @param {string} value
 */
function withdraw(choice, value) {
  if (known()) sendClear();

  for (const key in own) settled(key, false);
  wipe();
  uncount();
  keep(choice, value);
}

/** @param {boolean} given */
export function consent(given) {
  if (!given) return withdraw(CONSENT, NO);

  if (get(CONSENT) === NO) keep(FRESH, YES);
  keep(CONSENT, YES);
  settle();
  resume();
}

/** @param {boolean} [out] */
export function optOut(out = true) {
  if (out) return withdraw(OFF, YES);
  if (!get(OFF)) return;

  remove(OFF);
  keep(FRESH, YES);
  resume();
}

/** A new visitor from here on: somebody else sits down at this browser. */
export function reset() {
  if (!known()) return;

  renew();
  leaveTrace();
}
