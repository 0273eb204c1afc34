// The dashboard's script: charts from the tables beside them, keys, and first steps.
// Without it every page is whole but for the charts.
(function () {
  "use strict";

  const colour = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const darkness = matchMedia("screen and (prefers-color-scheme: dark)");

  function tooltip() {
    return {
      backgroundColor: colour("--text"),
      titleColor: colour("--surface"),
      bodyColor: colour("--surface"),
      displayColors: false,
      padding: 10,
      cornerRadius: 6,
    };
  }

  function drawRing(box) {
    const rows = [...box.querySelectorAll("tbody tr")];
    const shades = rows.map((row) => {
      const rest = row.querySelector(".s-rest");
      return colour(rest ? "--s-rest" : "--s" + rows.indexOf(row));
    });
    box.classList.add("drawn");

    return new Chart(box.querySelector("canvas"), {
      type: "doughnut",
      data: {
        labels: rows.map((row) => row.dataset.name),
        datasets: [
          {
            data: rows.map((row) => Number(row.dataset.value)),
            backgroundColor: shades,
            borderColor: colour("--surface"),
            borderWidth: rows.length > 1 ? 2 : 0,
          },
        ],
      },
      options: {
        animation: false,
        cutout: "72%",
        maintainAspectRatio: false,
        onHover: (event, found) => {
          const lit = found.length ? found[0].index : -1;
          rows.forEach((row, index) => row.classList.toggle("lit", index === lit));
        },
        plugins: { legend: { display: false }, tooltip: { enabled: false } },
      },
    });
  }

  function hatching(ink) {
    const tile = document.createElement("canvas");
    const size = 8;
    tile.width = tile.height = size;
    const pen = tile.getContext("2d");
    pen.strokeStyle = ink + "59";
    pen.lineWidth = 1;
    // Twice more beyond the corners, so that the tiles join.
    [-size, 0, size].forEach((start) => {
      pen.moveTo(start, size);
      pen.lineTo(start + size, 0);
    });
    pen.stroke();

    return pen.createPattern(tile, "repeat");
  }

  function drawArea(box) {
    const rows = [...box.querySelectorAll("tbody tr")];
    const series = box.dataset.shown || "visitors";
    const numbers = rows.map((row) => Number(row.dataset[series]));
    const before = rows.map((row) =>
      Number(row.dataset["before" + series[0].toUpperCase() + series.slice(1)]));
    const accent = colour("--accent");
    // The day that is not over yet, if it is the last one.
    const running = (at) =>
      box.dataset.running !== undefined && at.p1DataIndex === numbers.length - 1;
    box.classList.add("drawn");
    const hatched = hatching(accent);

    return new Chart(box.querySelector("canvas"), {
      type: "line",
      data: {
        labels: rows.map((row) => row.cells[0].textContent),
        datasets: [
          {
            data: numbers,
            borderColor: accent,
            backgroundColor: accent + "1a",
            borderWidth: 2,
            fill: true,
            pointRadius: 0,
            pointHoverRadius: 4,
            pointHoverBackgroundColor: accent,
            cubicInterpolationMode: "monotone",
            segment: {
              borderDash: (at) => (running(at) ? [4, 4] : undefined),
              backgroundColor: (at) => (running(at) ? hatched : undefined),
            },
          },
          ...(before.some(Number.isFinite)
            ? [
                {
                  data: before.map((value) => (Number.isFinite(value) ? value : null)),
                  borderColor: colour("--muted"),
                  borderDash: [3, 4],
                  borderWidth: 1,
                  pointRadius: 0,
                  pointHoverRadius: 0,
                  cubicInterpolationMode: "monotone",
                },
              ]
            : []),
        ],
      },
      options: {
        animation: false,
        maintainAspectRatio: false,
        onClick: (event, found) => {
          const link = found.length && rows[found[0].index].querySelector("a");

          if (link) {
            link.click();
          }
        },
        interaction: { intersect: false, mode: "index" },
        plugins: {
          legend: { display: false },
          tooltip: {
            ...tooltip(),
            callbacks: {
              label: (item) =>
                item.formattedValue + " " + series + (item.datasetIndex ? " before" : ""),
            },
          },
        },
        scales: {
          x: {
            border: { display: false },
            grid: { display: false },
            ticks: { color: colour("--muted"), maxRotation: 0, autoSkipPadding: 24 },
          },
          y: {
            beginAtZero: true,
            border: { display: false },
            grid: { color: colour("--line") },
            ticks: { color: colour("--muted"), precision: 0, maxTicksLimit: 5 },
          },
        },
      },
    });
  }

  function charts() {
    if (!window.Chart) {
      return;
    }

    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    const drawn = [];

    function draw() {
      drawn.splice(0).forEach((chart) => chart.destroy());
      document.querySelectorAll("[data-ring]").forEach((box) => drawn.push(drawRing(box)));
      document.querySelectorAll("[data-area]").forEach((box) => drawn.push(drawArea(box)));
    }

    draw();
    darkness.addEventListener("change", draw);
    figures(draw);
  }

  // A figure that has a series becomes a button which shows it.
  function figures(draw) {
    const area = document.querySelector("[data-area]");
    const choices = area ? [...document.querySelectorAll("[data-series] dt")] : [];

    choices.forEach((term, position) => {
      const button = document.createElement("button");
      const words = document.createElement("span");
      words.className = "label-text";
      words.textContent = term.textContent;
      button.append(words);
      button.setAttribute("aria-pressed", String(position === 0));
      term.replaceChildren(button);

      button.addEventListener("click", () => {
        choices.forEach((other) =>
          other.firstChild.setAttribute("aria-pressed", String(other === term)));
        area.dataset.shown = term.parentElement.dataset.series;
        draw();
      });
    });
  }

  function keys() {
    const rows = [...document.querySelectorAll("[data-row]")];

    function move(step) {
      const now = rows.indexOf(document.activeElement);
      const row = rows[Math.max(0, Math.min(rows.length - 1, now + step))];

      if (row) {
        row.focus();
        row.scrollIntoView({ block: "nearest" });
      }
    }

    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest("input, textarea, select");

      if (typing || event.ctrlKey || event.metaKey || event.altKey) {
        return;
      }

      const range = document.querySelector('[data-key="' + CSS.escape(event.key) + '"]');

      if (event.key === "/") {
        document.querySelector("[data-search]")?.focus();
      } else if (event.key === "j" || event.key === "k") {
        move(event.key === "j" ? 1 : -1);
      } else if (range) {
        range.click();
      } else {
        return;
      }

      event.preventDefault();
    });
  }

  // Behind a proxy that does not pass Host, only the browser knows the site's name.
  const withHost = (line, seen) => line.replace(seen, location.host);

  function hosts() {
    document.querySelectorAll("code[data-host]").forEach((code) => {
      code.textContent = withHost(code.textContent, code.dataset.host);
    });
  }

  function firstSteps() {
    const box = document.querySelector("[data-start]");

    if (!box) {
      return;
    }

    const tick = (name) =>
      box.querySelector('[data-step="' + name + '"]').classList.add("done");

    async function lookForTag() {
      const answer = await fetch(box.dataset.home, { credentials: "same-origin" });

      if ((await answer.text()).includes(box.dataset.script)) {
        tick("tag");
      }
    }

    function say(refused) {
      const place = box.querySelector("[data-refusal]");
      place.hidden = !refused.length;
      place.replaceChildren(
        ...refused.flatMap((each) => {
          const sentence = document.createElement("span");
          const line = document.createElement("code");
          sentence.textContent = each.sentence;
          line.textContent = withHost(each.line || "", box.dataset.host);
          return each.line ? [sentence, line] : [sentence];
        }),
      );
    }

    async function look() {
      try {
        const answer = await fetch(box.dataset.start);
        const start = await answer.json();
        say(start.refused);

        if (start.first_view) {
          tick("tag");
          tick("first_view");
          sessionStorage.setItem("unt-arrived", "1");
          setTimeout(() => location.reload(), 700);
          return;
        }

        await lookForTag();
      } catch {
        // The site restarts, perhaps: look again.
      }

      setTimeout(look, 2000);
    }

    look();
  }

  // Who is here, asked again every few seconds while somebody looks.
  function live() {
    const box = document.querySelector("[data-live]");

    if (!box) {
      return;
    }

    const said = box.querySelector("[data-said]");
    const button = document.createElement("button");
    let timer = 0;
    let paused = false;
    let failed = 0;
    button.className = "quiet";
    button.type = "button";
    box.querySelector("[data-reload]").replaceWith(button);

    // Rows stay the same elements, so that focus and reading stay where they are.
    function update(list, items) {
      const before = new Map([...list.children].map((item) => [item.dataset.id, item]));
      items.forEach((item, place) => {
        const known = before.get(item.dataset.id);
        const focused = known && known.contains(document.activeElement);
        before.delete(item.dataset.id);

        if (!known) {
          item.classList.add("new");
        } else if (known.innerHTML !== item.innerHTML) {
          known.replaceChildren(...item.childNodes);
        }

        const now = known || item;

        if (list.children[place] !== now) {
          list.insertBefore(now, list.children[place] || null);
        }

        if (focused && !now.contains(document.activeElement)) {
          now.querySelector("a")?.focus({ preventScroll: true });
        }
      });
      before.forEach((item) => item.remove());
    }

    function say(sentence) {
      if (said.textContent !== sentence) {
        said.textContent = sentence;
      }
    }

    function take(answer) {
      const page = new DOMParser().parseFromString(answer.html, "text/html");
      box.querySelector("[data-total]").textContent = answer.sentence;
      box.querySelectorAll("[data-list]").forEach((list) => {
        const found = page.querySelector('[data-list="' + list.dataset.list + '"]');
        update(list, [...found.children]);
      });
      say(answer.said);
    }

    async function look() {
      clearTimeout(timer);

      try {
        const answer = await fetch(box.dataset.live);

        if (answer.status === 404 || answer.status === 401) {
          say("You are signed out: load the page again.");
          return;
        }

        take(await answer.json());
        failed = 0;
      } catch {
        failed += 1;
      }

      plan();
    }

    function plan() {
      clearTimeout(timer);

      if (!paused && !document.hidden) {
        timer = setTimeout(look, Math.min(3000 * (failed + 1), 15000));
      }
    }

    button.addEventListener("click", () => {
      paused = !paused;
      label();

      if (!paused) {
        look();
      }
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) {
        clearTimeout(timer);
      } else if (!paused) {
        look();
      }
    });

    function label() {
      button.textContent = paused ? "Go on" : "Pause";
    }

    label();
    plan();
  }

  // The first view slides in, once.
  function moment() {
    if (sessionStorage.getItem("unt-arrived") && !document.querySelector("[data-start]")) {
      sessionStorage.removeItem("unt-arrived");
      document.querySelector("#main").classList.add("arrived");
    }
  }

  charts();
  keys();
  hosts();
  firstSteps();
  live();
  moment();
})();
