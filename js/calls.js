// The calls that a site makes besides UNT() itself.

import { made, current } from "./views.js";
import { record } from "./queue.js";
import { sendEmail, wake } from "./sender.js";

/**
 * @param {string} name
 * @param {unknown} [props]
 * @returns {Promise<boolean>} true once the server has it
 */
export function track(name, props) {
  const event = { .../** @type {const} */ ({ type: "event" }), ...made() };
  const { done } = record({ ...event, view: current(), name: "" + name, props });
  wake(0);
  return done;
}

/**
 * @param {string} token that the site signed
 * @returns {Promise<boolean>} true once the server has it
 */
export function identify(token) {
  const { id, time } = made();
  const { done } = record({ type: "identify", id, time, token: "" + token });
  wake(0);
  return done;
}

/**
 * The call of 2017: registers what is typed in #emailUNT.
 *
 * @param {unknown} [address] an event, where this is a listener, is none
 * @returns {Promise<boolean>} true once the server has it
 */
export function registerEmail(address) {
  const field = /** @type {HTMLInputElement | null} */ (
    document.getElementById("emailUNT")
  );
  return sendEmail(typeof address === "string" ? address : field ? field.value : "");
}
