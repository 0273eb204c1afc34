// What the visitor, or the site for them, decides about being known.

import { own, settled } from "./queue.js";
import { sendClear } from "./sender.js";
import {
  CONSENT,
  FRESH,
  OFF,
  get,
  granted,
  leaveTrace,
  put,
  remove,
  settle,
  wipe,
} from "./storage.js";
import { off, renew } from "./visitor.js";
import { resume, uncount } from "./views.js";

/** Forget the visitor here, and on the server what names them to it. */
function leaveNothing() {
  if (granted() && !off()) sendClear();

  for (const key in own) settled(key, false);
  wipe();
  uncount();
}

/** @param {boolean} given */
export function consent(given) {
  if (!given) {
    leaveNothing();
    return put(CONSENT, 0, true);
  }

  const again = get(CONSENT) === "0";
  put(CONSENT, 1, true);
  if (again) put(FRESH, 1);
  settle();
  resume();
}

/** @param {boolean} [out] */
export function optOut(out = true) {
  if (out) {
    leaveNothing();
    return put(OFF, 1, true);
  }

  if (!get(OFF)) return;
  remove(OFF);
  put(FRESH, 1);
  resume();
}

/** A new visitor from here on: somebody else sits down at this browser. */
export function reset() {
  if (off() || !granted()) return;

  renew();
  leaveTrace("");
}
