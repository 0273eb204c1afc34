// What the visitor, or the site for them, decides about being known.

import { settled } from "./queue.js";
import { sendClear, wake } from "./sender.js";
import { CONSENT, FRESH, OFF, OURS, VISITOR } from "./storage.js";
import { get, keys, known, put, settle } from "./storage.js";
import { visitor } from "./visitor.js";
import { open, uncount } from "./views.js";

/**
 * Remember a choice, and what follows: who refuses is forgotten, and the server told to
 * forget the cookie that names them; who agrees after that is somebody new.
 *
 * @param {string} choice
 * @param {boolean} value
 * @param {boolean} agreed
 */
const choose = (choice, value, agreed) => {
  const wasKnown = known();
  const before = get(choice);
  put(choice, value ? "1" : "0", true);
  if (agreed) {
    settle();
    if (before && !wasKnown) put(FRESH, visitor());
    open();
    wake(0);
  } else {
    if (wasKnown) sendClear();
    for (const key of [...keys(OURS), VISITOR]) {
      if (key != OFF && key != choice) settled(key);
    }
    uncount();
  }
};

/** @param {boolean} given */
export const consent = (given) => choose(CONSENT, given, given);

export const optOut = (out = true) => {
  if (out || get(OFF) == 1) choose(OFF, out, !out);
};
