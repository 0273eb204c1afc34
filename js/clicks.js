// Clicks that leave the page or that the site named. Never what was typed or written.

import { on, settings } from "./page.js";
import { track } from "./calls.js";

const DOWNLOAD =
  /\.(7z|csv|dmg|docx?|epub|exe|gz|mp[34]|pdf|pkg|pptx?|rar|txt|xlsx?|zip)$/i;

/**
 * @param {Element} element with data-unt
 * @returns {Record<string, string>} its data-unt-<prop> attributes
 */
function propsOf(element) {
  /** @type {Record<string, string>} */
  const props = {};
  for (const { name, value } of element.attributes) {
    if (name.startsWith("data-unt-")) props[name.slice(9)] = value;
  }
  return props;
}

/** @param {Element | null} element */
function trackNamed(element) {
  const name = element && element.getAttribute("data-unt");
  if (name) track(name, propsOf(/** @type {Element} */ (element)));
  return name;
}

/** @param {string} address as an attribute has it */
const resolve = (address) => new URL(address, document.baseURI);

/** @param {MouseEvent} event */
function clicked(event) {
  const target = /** @type {Element} */ (event.composedPath()[0]);
  if (event.button > 1 || !target.closest) return;
  if (trackNamed(target.closest("[data-unt]:not(form)"))) return;

  const link = target.closest("a[href],area[href]");
  if (!link || settings.clicks === "off") return;

  const { origin, pathname, protocol } = resolve(link.getAttribute("href") || "");
  const url = origin + pathname;
  if (!/^http/.test(protocol)) return;
  if (link.hasAttribute("download") || DOWNLOAD.test(pathname)) track("download", { url });
  else if (origin !== location.origin) track("outbound", { url });
}

/** @param {SubmitEvent} event */
function submitted({ target }) {
  const form = /** @type {Element} */ (target);
  if (trackNamed(form) || settings.clicks === "off") return;

  const { origin, pathname } = resolve(form.getAttribute("action") || location.href);
  track("form", {
    form: form.getAttribute("id") || form.getAttribute("name") || "",
    url: origin + pathname,
  });
}

export function watchClicks() {
  on(document, "click auxclick", clicked);
  on(document, "submit", submitted);
}
