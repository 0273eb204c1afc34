// What the page and its tag say, and the one way to listen to it.

/** The script element that loaded us; its attributes are our settings. */
const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);

/** @type {DOMStringMap} */
export const settings = script ? script.dataset : {};

/** Where events go unless UNT(server) says otherwise: the directory of the script. */
export const home = script ? script.src.replace(/\/[^/]*$/, "") : "";

/** Milliseconds that no clock change touches. */
export const elapsed = () => performance.now();

export const hidden = () => document.visibilityState === "hidden";

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
 * @param {EventTarget} target
 * @param {string} types separated by spaces
 * @param {(event: any) => unknown} work
 */
export const on = (target, types, work) =>
  types
    .split(" ")
    .forEach((type) =>
      target.addEventListener(type, (event) => attempt(() => work(event)), true),
    );

let count = 0;

/**
 * A random uuid4, or a uuid7 of this time: those of one page sort as they were made.
 *
 * @param {number} [time] ms since 1970
 */
export function uuid(time) {
  const order = (4096 + (count++ % 4096)).toString(16).slice(1);
  const digits = time ? "0" + time.toString(16) + order : "";
  let at = 0;
  return `xxxxxxxx-xxxx-${time ? 7 : 4}xxx-8xxx-xxxxxxxxxxxx`.replace(
    /x/g,
    () =>
      digits[at++] ||
      (crypto.getRandomValues(new Uint8Array(1))[0] & 15).toString(16),
  );
}
