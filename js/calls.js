// The calls that a site makes besides UNT() itself.

import { choices } from "./choices.js";
import { record, setHook } from "./queue.js";
import { send, sendEmail, wake } from "./sender.js";
import { call, current, made, open } from "./views.js";
import { known, visitor } from "./visitor.js";

/**
 * @param {import("./queue.js").Event} event
 * @returns {Promise<boolean>} true once the server has it
 */
const deliver = (event) =>
  new Promise((resolve) => {
    record({ ...made(), ...event }, resolve);
    wake(0);
  });

/**
 * @param {string} name
 * @param {unknown} [props]
 */
export const track = (name, props) =>
  deliver({ type: "event", view: current(), name: "" + name, props });

/** @type {Record<string, (...given: any[]) => unknown>} */
export const calls = {
  ...choices,
  track,
  open,
  before: setHook,
  view: call,
  flush: () => send(true),
  id: () => (known() ? visitor() : null),
  identify: (token) => deliver({ type: "identify", token }),

  /** An address, or what is typed in #emailUNT: an event, where it listens, is none. */
  email(address) {
    const field = /** @type {HTMLInputElement} */ (document.getElementById("emailUNT"));
    return sendEmail(typeof address === "string" ? address : field.value);
  },
};
