// The calls that a site makes besides UNT() itself.

import { consent, optOut } from "./choices.js";
import { attempt } from "./page.js";
import { own, record, setHook } from "./queue.js";
import { post, send, wake } from "./sender.js";
import { known } from "./storage.js";
import { call, current, forget, open } from "./views.js";
import { renew, visitor } from "./visitor.js";

/**
 * @param {import("./queue.js").Event} event
 * @returns {Promise<boolean>} true once the server has it
 */
const deliver = (event) =>
  new Promise((resolve) => {
    const key = attempt(record, event);
    if (key) own[key] = resolve;
    else resolve(false);
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
  track,
  open,
  before: setHook,
  view: call,
  flush: () => send(true),
  id: () => (known() ? visitor() : null),
  identify: (token) => deliver({ type: "identify", token }),
  consent,
  optOut,

  /** A new visitor from here on: somebody else sits down at this browser. */
  reset() {
    if (known()) renew();
  },

  /** An address, or what is typed in #emailUNT: an event, where it listens, is none. */
  async email(address) {
    if (!known()) return false;

    const field = /** @type {any} */ (document.getElementById("emailUNT")) || {};
    const email = "" + address === address ? address : field.value;
    const said = await post("/email", JSON.stringify({ visitor: visitor(), email }));
    forget(said);
    return said.status == 200;
  },
};
