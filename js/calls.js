// The calls that a site makes besides UNT() itself.

import { record } from "./queue.js";
import { sendEmail, wake } from "./sender.js";
import { current, made } from "./views.js";

/**
 * @param {import("./queue.js").Event} event
 * @returns {Promise<boolean>} true once the server has it
 */
const deliver = (event) =>
  new Promise((resolve) => {
    record(event, resolve);
    wake(0);
  });

/**
 * @param {string} name
 * @param {unknown} [props]
 * @returns {Promise<boolean>} true once the server has it
 */
export const track = (name, props) =>
  deliver({ type: "event", ...made(), view: current(), name: "" + name, props });

/**
 * @param {string} token that the site signed
 * @returns {Promise<boolean>} true once the server has it
 */
export const identify = (token) => deliver({ type: "identify", ...made(), token });

/**
 * The call of 2017: registers what is typed in #emailUNT.
 *
 * @param {unknown} [address] an event, where this is a listener, is none
 * @returns {Promise<boolean>} true once the server has it
 */
export function registerEmail(address) {
  const field = /** @type {HTMLInputElement} */ (document.getElementById("emailUNT"));
  return sendEmail(typeof address === "string" ? address : field.value);
}
