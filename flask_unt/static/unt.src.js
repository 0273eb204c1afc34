(() => {
  // js/page.js
  var { dataset: settings, src } = (
    /** @type {HTMLScriptElement | null} */
    document.currentScript || {
      dataset: {},
      src: ""
    }
  );
  var page = window;
  var elapsed = () => performance.now();
  var attempt = (work, ...given) => {
    try {
      return work(...given);
    } catch (e) {
    }
  };
  var on = (types, work, target = page) => types.split(" ").forEach((type) => target.addEventListener(type, attempt.bind(0, work), true));
  var uuid = (time) => {
    const random = crypto.getRandomValues(new Uint32Array(5)).join("");
    const digits = "0" + time.toString(16) + random;
    let used = 0;
    return "########-####-7###-8###-############".replace(/#/g, () => digits[used++]);
  };

  // js/storage.js
  var site = settings.site ? "." + settings.site : "";
  var OURS = "unt" + site + ":";
  var VISITOR = "tracker-uuid" + site;
  var BORN = OURS + "born";
  var CONSENT = OURS + "consent";
  var DROPPED = OURS + "dropped";
  var FRESH = OURS + "fresh";
  var GATE = OURS + "gate";
  var OFF = OURS + "off";
  var store = attempt(() => localStorage) || {};
  var tab = attempt(() => sessionStorage) || {};
  var memory = {};
  var get = (key2) => store[key2] || memory[key2];
  var off = () => get(OFF) == 1 || settings.gpc != "ignore" && /** @type {any} */
  (navigator.globalPrivacyControl || navigator.doNotTrack == "1");
  var known = () => !off() && (get(CONSENT) || !("consent" in settings)) == 1;
  var put = (key2, value, lasts = known()) => {
    memory[key2] = value;
    if (lasts)
      attempt(() => {
        store[key2] = value;
        return delete memory[key2];
      }) || delete store[key2];
  };
  var remove = (key2) => {
    delete memory[key2];
    delete store[key2];
  };
  var keys = (start) => Object.keys({ ...store, ...memory }).filter((key2) => key2.startsWith(start)).sort();
  var queued = () => keys(OURS + "0");
  var settle = () => Object.keys(memory).forEach((key2) => put(key2, get(key2)));

  // js/sender.js
  var server = settings.server || src.replace(/[^/]*$/, "");
  var aim = (address2) => void (server = (address2 || server).replace(/\/$/, ""));
  var lease = "";
  var most = 50 /* BATCH_EVENTS */;
  var timer = 0;
  var gate = () => {
    const [until, fails, since2] = (get(GATE) || ",,").split(",");
    const now = Date.now();
    return [since2 <= now && until > now ? until - now : 0, +fails];
  };
  var shut = (wait, fails) => put(GATE, lease = `${[Date.now() + wait, fails, Date.now()]}`);
  var release = () => {
    if (get(GATE) == lease) remove(GATE);
    lease = "";
  };
  var wake = (delay) => {
    clearTimeout(timer);
    timer = setTimeout(send, delay);
  };
  var wakeSomewhen = (wait = 0) => wake(wait + Math.random() * 900 /* JITTER */);
  var body = (batch) => `{"events":[${batch.map(get)}],` + JSON.stringify({
    v: 1,
    sent: Date.now(),
    // Intl first loads 10 ms of data for it, so it comes second.
    zone: attempt(
      () => page.Temporal ? page.Temporal.Now.timeZoneId() : Intl.DateTimeFormat().resolvedOptions().timeZone
    ),
    dropped: get(DROPPED) | 0,
    webdriver: navigator.webdriver,
    fresh: visitorOf(batch[0]) == get(FRESH)
  }).slice(1);
  var post = async (path, text) => {
    try {
      const answer = await fetch(server + path, {
        method: "POST",
        body: text,
        keepalive: true,
        signal: attempt(() => AbortSignal.timeout(12e3 /* PATIENCE */))
      });
      return {
        ...await answer.json().catch(() => {
        }),
        status: answer.status,
        after: answer.headers.get("Retry-After")
      };
    } catch (e) {
      return {};
    }
  };
  var sendClear = () => post("/e", '{"events":[],"clear":true}');
  var send = async (all) => {
    closeView();
    if (lease) return;
    let [wait, fails] = gate();
    for (; !wait; all = false) {
      const batch = pick(most, all);
      if (!batch[0]) return release();
      shut(15e3 /* LEASE */, 0);
      const mine = lease;
      const raws = batch.map(get);
      const who = visitorOf(batch[0]);
      const said = await post("/e", body(batch));
      if (said.accepted != null) {
        most = 50 /* BATCH_EVENTS */;
        fails = 0;
        if (who && !known()) sendClear();
        if (said.as != null) marks[who] = said.as;
        if (who == get(FRESH)) remove(FRESH);
        remove(DROPPED);
        batch.forEach((key2, at2) => {
          if (get(key2) != raws[at2]) return;
          settled(key2, !(said.rejected || []).some(({ index }) => index == at2));
        });
      } else if (/400|413/.test(said.status) && said.error != "version") {
        if (batch[1]) most = batch.length >> 1;
        else giveUp(batch[0]);
      } else {
        forget(said);
        const asked = /40[01345]|415/.test(said.status) ? 36e5 /* HOUR */ : said.after * 1e3;
        const doubled = 2e3 /* FIRST_BACK_OFF */ * 2 ** fails;
        const backOff = Math.min(3e5 /* LONGEST_BACK_OFF */, doubled);
        const random = 0.5 + Math.random() / 2;
        wait = Math.min(36e5 /* HOUR */, Math.max(asked || 0, backOff * random));
      }
      if (lease != mine) return;
      if (wait) {
        shut(wait, fails + 1);
        lease = "";
      }
    }
    wakeSomewhen(wait);
  };
  var followOthers = () => {
    on("storage", ({ key: key2, newValue }) => {
      if (key2 == CONSENT && newValue == "0") uncount();
      if (get(key2)) return;
      if (key2 == GATE) wakeSomewhen();
      if (own[key2]) settled(key2, true);
    });
    on("online", () => {
      remove(GATE);
      wakeSomewhen();
    });
    on("pagehide", () => {
      leaveNow();
      release();
      const [wait, fails] = gate();
      if (!fails || wait < 5e3 /* BEACON_ANYWAY */) {
        const batch = pick(50 /* BATCH_EVENTS */, true, true);
        if (batch[0]) navigator.sendBeacon(server + "/e", body(batch));
      }
      lease = "gone";
    });
  };

  // js/visitor.js
  var renew = () => {
    remove(VISITOR);
    remove(BORN);
    delete tab[OURS];
    put(FRESH, visitor());
  };
  var visitor = () => {
    const now = Date.now();
    if (!known() && settings.consent == "anonymous") return null;
    if (now - get(BORN) > 34128e6 /* VISITOR_AGE */) renew();
    if (!/^[\da-f-]{36}$/i.test(get(VISITOR))) put(VISITOR, uuid(now));
    if (!get(BORN)) put(BORN, now);
    return get(VISITOR);
  };

  // js/views.js
  var marks = {};
  var started = false;
  var view = (
    /** @type {Event & {url: string}} */
    {}
  );
  var key = (
    /** @type {string | void} */
    ""
  );
  var state = 0;
  var at = 0;
  var since = 0;
  var input = 0;
  var engaged = 0;
  var scroll = 0;
  var saved = "";
  var heading = "";
  var address = () => location.href.replace("hash" in settings ? "" : /#(?!!?\/).*/, "").slice(0, 4096 /* URL_LENGTH */);
  var withoutQuery = (url) => url.replace(/\?[^#]*/, "");
  var current = () => view.visitor == visitor() ? view.id : void 0;
  var show = (kind, referrer, delay = 0) => {
    saveLeave();
    view = {
      type: "view",
      url: address(),
      title: heading = document.title,
      referrer,
      from: tab[OURS],
      kind,
      width: screen.width,
      lang: navigator.language,
      status: !view.id && +/** @type {any} */
      settings.status || void 0
    };
    key = record(view);
    at = elapsed();
    state = engaged = scroll = 0;
    wake(delay);
    if (key && known()) tab[OURS] = view.id;
  };
  var move = (kind) => {
    const url = address();
    if (!view.id || url == view.url) return;
    const elsewhere = withoutQuery(url) != withoutQuery(view.url);
    if (kind == "replace" && (!elsewhere || elapsed() - at < 1e3 /* AT_ONCE */)) {
      if (state && elsewhere) state = 2;
      view.url = url;
    } else show(kind, view.url, 400 /* SETTLES */);
  };
  var closeView = () => {
    if (state) return;
    state = 1;
    view.title = heading = document.title;
    if (own[
      /** @type {string} */
      key
    ]) record(view);
  };
  var look = () => {
    scroll = Math.max(
      scroll,
      100 * (scrollY + innerHeight) / document.documentElement.scrollHeight | 0
    );
  };
  var saveLeave = () => {
    const now = elapsed();
    if (since) {
      engaged += Math.min(now - since, 7e3 /* LONGEST_TICK */);
      if (!scroll) look();
    }
    const read = !document.hidden && document.hasFocus() && now - input < 6e4 /* IDLE */;
    since = read ? now : 0;
    const late = state == 1 ? heading : void 0;
    if (key && saved != (saved = engaged + "," + scroll + late))
      record({
        type: "leave",
        view: view.id,
        visitor: view.visitor,
        time: Date.now(),
        engaged: engaged | 0,
        scroll,
        title: late
      });
  };
  var leaveNow = () => {
    heading = document.title;
    saveLeave();
  };
  var watchReading = () => {
    on("pointerdown pointermove keydown scroll", ({ type }) => {
      input = elapsed();
      heading = document.title;
      if (type == "scroll") look();
    });
    setInterval(attempt, 5e3 /* TICK */, leaveNow);
    on("visibilitychange prerenderingchange", () => {
      if (known() || key != null) open();
      leaveNow();
      if (document.hidden) send(true);
    });
    on("pageshow", ({ persisted }) => {
      if (!persisted) return;
      release();
      marks = {};
      since = 0;
      if (view.id) show("bf");
    });
  };
  var watchMoves = () => {
    on(
      "currententrychange popstate hashchange",
      ({ navigationType }) => move(navigationType || "traverse"),
      page.navigation
    );
    if (page.navigation) return;
    ["push", "replace"].forEach((kind) => {
      const name = (
        /** @type {"pushState"} */
        kind + "State"
      );
      const original = history[name];
      history[name] = (...given) => {
        original.apply(history, given);
        attempt(move, kind);
      };
    });
  };
  var open = (server2) => {
    if (off()) return;
    if (!started) {
      started = true;
      aim(server2);
      followOthers();
      watchMoves();
      watchReading();
    }
    if (view.id || document.hidden || /** @type {any} */
    document.prerendering)
      return;
    show(
      attempt(() => performance.navigation.type) == 1 ? "reload" : "load",
      document.referrer,
      // A script in the head runs before there is a title.
      document.readyState == "loading" ? 400 /* SETTLES */ : 0
    );
  };
  var call = (kind = "call", server2) => {
    const again = address() == view.url && elapsed() - at < 1e3 /* AT_ONCE */;
    if (view.id && !again) show(kind, view.url);
    else open(server2);
  };
  var forget = ({ gone = [] }) => {
    for (const key2 of queued()) if (gone.includes(visitorOf(key2))) settled(key2);
    if (gone.includes(view.visitor)) key = "";
    if (gone.includes(visitor())) renew();
  };
  var uncount = () => {
    delete tab[OURS];
    view = /** @type {any} */
    {};
    key = void 0;
  };

  // js/queue.js
  var KIND = OURS.length + 36;
  var own = {};
  var hook = (event) => event;
  var last = 0;
  var setHook = (edit) => void (hook = edit);
  var visitorOf = (key2) => key2.slice(KIND + 1);
  var isLeave = (key2) => key2[KIND] == "l";
  var settled = (key2, taken = false) => {
    remove(key2);
    if (own[key2]) own[key2](taken);
    delete own[key2];
  };
  var giveUp = (key2) => {
    if (!isLeave(key2)) put(DROPPED, -~get(DROPPED));
    settled(key2);
  };
  var record = (event) => {
    if (off()) return;
    if (!event.time) {
      const now = Date.now();
      event.time = last = now > last || now < last - 1e3 /* AT_ONCE */ ? now : last + 1;
      event.tz = -(/* @__PURE__ */ new Date()).getTimezoneOffset();
      event.id = uuid(event.time);
      event.visitor = visitor();
      event.as = marks[
        /** @type {string} */
        event.visitor
      ];
    }
    if (!event.visitor && !event.url) return;
    const copy = { ...event };
    const edited = attempt(hook, copy);
    const taken = edited || edited === void 0;
    const raw = taken && attempt(JSON.stringify, edited || copy);
    if (!raw) return;
    const name = event.id ? event.id + "e" : event.view + "l";
    const key2 = OURS + name + (event.visitor || "");
    if (raw.length > 2e4 /* EVENT_LENGTH */) return giveUp(key2);
    put(key2, raw);
    if (!own[key2]) {
      own[key2] = () => {
      };
      const oldest = OURS + uuid(Date.now() - 6048e5 /* OLDEST */);
      let length = 0;
      queued().reverse().forEach((one, newer) => {
        length += get(one).length;
        const excess = newer >= 500 /* MOST_EVENTS */ || length > 4e5 /* MOST_LENGTH */;
        if (excess || one < oldest) giveUp(one);
      });
    }
    return key2;
  };
  var pick = (most2, all, mine) => {
    closeView();
    const keys2 = queued().filter(
      (key2) => (!mine || own[key2]) && (known() || !visitorOf(key2))
    );
    if (!all && keys2.every(isLeave)) return [];
    let length = 0;
    return keys2.filter((key2) => visitorOf(key2) == visitorOf(keys2[0])).slice(0, most2).filter((key2, at2) => (length += get(key2).length) < 2e4 /* BATCH_LENGTH */ || !at2);
  };

  // js/choices.js
  var choose = (choice, value, agreed) => {
    const wasKnown = known();
    const before = get(choice);
    put(choice, value ? "1" : "0", true);
    if (agreed) {
      settle();
      if (before && !wasKnown) put(FRESH, visitor());
      open();
      wake(0);
    } else {
      if (wasKnown) sendClear();
      for (const key2 of [...keys(OURS), VISITOR]) {
        if (key2 != OFF && key2 != choice) settled(key2);
      }
      uncount();
    }
  };
  var consent = (given) => choose(CONSENT, given, given);
  var optOut = (out = true) => {
    if (out || get(OFF) == 1) choose(OFF, out, !out);
  };

  // js/calls.js
  var deliver = (event) => new Promise((resolve) => {
    const key2 = attempt(record, event);
    if (key2) own[key2] = resolve;
    else resolve(false);
    wake(0);
  });
  var track = (name, props) => deliver({ type: "event", view: current(), name: "" + name, props });
  var calls = {
    track,
    open,
    before: setHook,
    view: call,
    flush: () => send(true),
    id: () => known() ? visitor() : null,
    identify: (token) => deliver({ type: "identify", token }),
    consent,
    optOut,
    /** A new visitor from here on: somebody else sits down at this browser. */
    reset() {
      if (known()) renew();
    },
    /** An address, or what is typed in #emailUNT: an event, where it listens, is none. */
    async email(address2) {
      if (!known()) return false;
      const field = (
        /** @type {any} */
        document.getElementById("emailUNT") || {}
      );
      const email = "" + address2 === address2 ? address2 : field.value;
      const said = await post("/email", JSON.stringify({ visitor: visitor(), email }));
      forget(said);
      return said.status == 200;
    }
  };

  // js/clicks.js
  var DOWNLOAD = /\.(csv|dmg|docx?|exe|gz|mp[34]|pdf|pptx?|xlsx?|zip)$/;
  var watchClicks = () => on("click auxclick submit", ({ button, target, type }) => {
    const submits = type == "submit";
    const element = submits ? target : target.closest("[data-unt]:not(form)") || target.closest("[href]");
    const { origin, pathname } = element;
    let name = element.getAttribute("data-unt");
    let props = {};
    if (button > 1) return;
    if (name) {
      for (const { name: name2, value } of element.attributes) {
        if (name2.startsWith("data-unt-")) props[name2.slice(9)] = value;
      }
    } else if (settings.clicks != "off") {
      props = submits ? { form: element.getAttribute("id") } : { url: origin + pathname };
      name = submits ? "form" : element.hasAttribute("download") || DOWNLOAD.test(pathname) ? "download" : origin != location.origin && /^http/.test(origin) && "outbound";
    }
    if (name) track(name, props);
  });

  // js/unt.js
  attempt(() => {
    let { UNT, unt } = page;
    if (!UNT || !UNT.open) {
      UNT = page.UNT = attempt.bind(0, calls.view, "call");
      for (const name in calls) UNT[name] = attempt.bind(0, calls[name]);
      page.registerEmail = UNT.email;
      watchClicks();
      const push = ([name, ...given]) => attempt(UNT[name], ...given);
      page.unt = { push };
      attempt(() => unt.forEach(push));
    }
    if ("auto" in settings) UNT.open();
  });
})();
