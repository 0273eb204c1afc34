// What the visitor, or the site for them, decides about being known.

import { settled } from "./queue.js";
import { sendClear } from "./sender.js";
import { CONSENT, FROM, OFF, OURS, VISITOR } from "./storage.js";
import { get, keep, keys, remove, settle, tab } from "./storage.js";
import { known, refresh, renew } from "./visitor.js";
import { resume, uncount } from "./views.js";

/**
 * Forget the visitor here, and tell the server to forget the cookie that names them.
 *
 * @param {string} choice
 * @param {string} value
 */
function withdraw(choice, value) {
  if (known()) sendClear();

  for (const key of keys(OURS).concat(VISITOR)) if (key !== OFF) settled(key, false);
  delete tab[FROM];
  uncount();
  keep(choice, value);
}

export const choices = {
  /** @param {boolean} given */
  consent(given) {
    if (!given) return withdraw(CONSENT, "0");

    const again = get(CONSENT) === "0";
    keep(CONSENT, "1");
    settle();
    if (again) refresh();
    resume();
  },

  /** @param {boolean} [out] */
  optOut(out = true) {
    if (out) return withdraw(OFF, "1");
    if (!get(OFF)) return;

    remove(OFF);
    refresh();
    resume();
  },

  /** A new visitor from here on: somebody else sits down at this browser. */
  reset() {
    if (known()) renew();
  },
};
