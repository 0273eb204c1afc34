// What the page and its tag say, and the one way to listen to it.

import { Limit } from "./limits";

const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);

/**
 * The script element that loaded us: what its attributes say, and its address.
 *
 * @type {{dataset: DOMStringMap, src: string}}
 */
export const { dataset: settings, src } = script || { dataset: {}, src: "" };

/** Milliseconds that no clock change touches. */
export const elapsed = () => performance.now();

/**
 * Call `work` and swallow what it throws: nothing of ours may reach the page.
 *
 * @template T
 * @param {() => T} work
 * @returns {T | undefined}
 */
export function attempt(work) {
  try {
    return work();
  } catch {}
}

/**
 * The same function, which answers undefined rather than throw into the page.
 *
 * @param {(...given: any[]) => unknown} work
 * @returns {(...given: any[]) => any}
 */
export const safe =
  (work) =>
  (...given) =>
    attempt(() => work(...given));

/**
 * @param {EventTarget} target
 * @param {string} types separated by spaces
 * @param {(event: any) => unknown} work
 */
export const on = (target, types, work) =>
  types.split(" ").forEach((type) => target.addEventListener(type, safe(work), true));

let last = 0;

/** Now, in ms since 1970: later than the moment before, unless the clock was set back. */
export function moment() {
  const now = Date.now();
  return (last = now > last - Limit.AT_ONCE ? Math.max(now, last + 1) : now);
}

/**
 * A random uuid4, or a uuid7.
 *
 * @param {number} [time] ms since 1970
 */
export const uuid = (time) =>
  (
    (time ? "0" + (time * 4096).toString(16) : "") +
    // Decimal digits, which are hexadecimal ones too: the 30 of a uuid4 hold 95 bits.
    crypto.getRandomValues(new Uint32Array(5)).join("")
  ).replace(
    /(.{8})(....)(...)(...)(.{12}).*/,
    `$1-$2-${time ? 7 : 4}$3-8$4-$5`,
  );
