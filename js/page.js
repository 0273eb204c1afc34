// What the page and its tag say, and the one way to listen to it.

/** The script element that loaded us; its attributes are our settings. */
const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);

/** @type {DOMStringMap} */
export const settings = script ? script.dataset : {};

/** Where events go unless UNT(server) says otherwise: the directory of the script. */
export const home = script && script.src ? new URL(".", script.src).href : "";

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
  } catch (error) {
    return undefined;
  }
}

/**
 * @param {EventTarget} target
 * @param {string} types separated by spaces
 * @param {(event: any) => void} work
 */
export function on(target, types, work) {
  for (const type of types.split(" ")) {
    target.addEventListener(type, (event) => attempt(() => work(event)), {
      capture: true,
      passive: true,
    });
  }
}

export const hidden = () => document.visibilityState === "hidden";

/** Milliseconds that no clock change touches. */
export const elapsed = () => performance.now();

let last = 0;
let count = 0;

/**
 * A random uuid4, or a uuid7 of this millisecond: those of one page sort in the
 * order they were made.
 *
 * @param {number} [time] ms since 1970
 */
export function uuid(time) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let hex = "";
  for (const byte of bytes) hex += (byte + 256).toString(16).slice(1);

  if (time) {
    count = time === last ? count + 1 : 0;
    last = time;
    const order = (count + 4096).toString(16).slice(-3);
    hex = time.toString(16).padStart(12, "0") + 7 + order + hex.slice(16);
  } else {
    hex = hex.slice(0, 12) + 4 + hex.slice(13);
  }

  hex = hex.slice(0, 16) + "89ab"[bytes[8] & 3] + hex.slice(17);
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
