// Clicks that leave the page or that the site named. Never what was typed or written.

import { track } from "./calls.js";
import { on, settings } from "./page.js";

const DOWNLOAD = /\.(csv|dmg|docx?|exe|gz|mp[34]|pdf|pptx?|xlsx?|zip)$/;

export const watchClicks = () =>
  on(document, "click auxclick submit", ({ button, target, type }) => {
    const submits = type === "submit";
    const element = submits
      ? target
      : target.closest("[data-unt]:not(form)") || target.closest("[href]");
    const { origin, pathname } = element;
    const name = element.getAttribute("data-unt");
    /** @type {Record<string, string>} */
    const props = {};

    if (button > 1) return;
    if (name) {
      for (const { name, value } of element.attributes) {
        if (name.startsWith("data-unt-")) props[name.slice(9)] = value;
      }
      return track(name, props);
    }
    if (settings.clicks === "off") return;
    if (submits) return track("form", { form: element.getAttribute("id") });

    // Without its query and fragment: they are nobody's business.
    props.url = origin + pathname;
    if (element.hasAttribute("download") || DOWNLOAD.test(pathname)) {
      track("download", props);
    } else if (origin !== location.origin && /^http/.test(origin)) {
      track("outbound", props);
    }
  });
