// Clicks that leave the page or that the site named. Never what was typed or written.

import { track } from "./calls.js";
import { on, settings } from "./page.js";

const DOWNLOAD = /\.(csv|dmg|docx?|epub|exe|gz|mp[34]|pdf|pptx?|rar|xlsx?|zip)$/i;

/**
 * @param {Element | null} element
 * @returns {boolean | undefined} was it named by the site
 */
function trackNamed(element) {
  if (!element || !element.hasAttribute("data-unt")) return;

  /** @type {Record<string, string>} */
  const props = {};
  for (const { name, value } of element.attributes) {
    const [, prop] = name.split("data-unt-");
    if (prop) props[prop] = value;
  }
  track(element.getAttribute("data-unt") || "", props);
  return true;
}

export function watchClicks() {
  const all = settings.clicks !== "off";

  on(document, "click auxclick", (event) => {
    const clicked = event.composedPath()[0];
    if (event.button > 1 || trackNamed(clicked.closest("[data-unt]:not(form)"))) return;

    const link = all && clicked.closest("a[href],area[href]");
    if (!link || !/^http/.test(link.protocol)) return;

    // Without its query and fragment: they are nobody's business.
    const url = link.origin + link.pathname;
    if (link.hasAttribute("download") || DOWNLOAD.test(url)) track("download", { url });
    else if (link.origin !== location.origin) track("outbound", { url });
  });

  on(document, "submit", ({ target }) => {
    if (trackNamed(target) || !all) return;
    track("form", { form: target.getAttribute("id") || target.getAttribute("name") });
  });
}
