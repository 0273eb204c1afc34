// What the page and its tag say, and the one way to listen to it.

/**
 * The script element that loaded us: what its attributes say, and its address.
 *
 * @type {{dataset: DOMStringMap, src: string}}
 */
export const { dataset: settings, src } =
  /** @type {HTMLScriptElement | null} */ (document.currentScript) || {
    dataset: {},
    src: "",
  };

/** @type {any} */
export const page = window;

/** Milliseconds that no clock change touches. */
export const elapsed = () => performance.now();

/**
 * Call `work` and swallow what it throws: nothing of ours may reach the page.
 *
 * @template {any[]} Given
 * @template Result
 * @param {(...given: Given) => Result} work
 * @param {Given} given
 * @returns {Result | undefined}
 */
export const attempt = (work, ...given) => {
  try {
    return work(...given);
  } catch {}
};

/**
 * Listen before anybody else does.
 *
 * @param {string} types separated by spaces
 * @param {(event: any) => unknown} work
 * @param {EventTarget} [target]
 */
export const on = (types, work, target = page) =>
  types
    .split(" ")
    .forEach((type) => target.addEventListener(type, attempt.bind(0, work), true));

/**
 * A uuid7. Its random digits are decimal, which are hexadecimal ones too: 60 bits.
 *
 * @param {number} time ms since 1970
 */
export const uuid = (time) => {
  const random = crypto.getRandomValues(new Uint32Array(5)).join("");
  const digits = "0" + time.toString(16) + random;
  let used = 0;
  return "########-####-7###-8###-############".replace(/#/g, () => digits[used++]);
};
