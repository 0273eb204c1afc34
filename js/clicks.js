// Clicks that leave the page or that the site named. Never what was typed or written.

import { track } from "./calls.js";
import { on, settings } from "./page.js";

const DOWNLOAD = /\.(csv|dmg|docx?|exe|gz|mp[34]|pdf|pptx?|xlsx?|zip)$/;

export const watchClicks = () =>
  on("click auxclick submit", ({ button, target, type }) => {
    const submits = type == "submit";
    const element = submits
      ? target
      : target.closest("[data-unt]:not(form)") || target.closest("[href]");
    const { origin, pathname } = element;
    let name = element.getAttribute("data-unt");
    /** @type {Record<string, string>} */
    let props = {};

    if (button > 1) return;
    if (name) {
      for (const { name, value } of element.attributes) {
        if (name.startsWith("data-unt-")) props[name.slice(9)] = value;
      }
    } else if (settings.clicks != "off") {
      // Without its query and fragment: they are nobody's business.
      props = submits
        ? { form: element.getAttribute("id") }
        : { url: origin + pathname };
      name = submits
        ? "form"
        : element.hasAttribute("download") || DOWNLOAD.test(pathname)
          ? "download"
          : origin != location.origin && /^http/.test(origin) && "outbound";
    }
    if (name) track(name, props);
  });
