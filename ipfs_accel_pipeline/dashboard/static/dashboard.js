// What the pages do beyond links and forms: filter at once, sort tables, draw charts, choose light or dark.
// Without this script every page still works: forms have a button, tables hold what charts show.
"use strict";

(() => {
  const page = () => document.getElementById("page");
  const say = (text) => { document.getElementById("news").textContent = text; };

  // --- colours -----------------------------------------------------------------------------------------------------
  const themes = ["system", "light", "dark"];
  const button = document.querySelector("button.theme");
  const system = matchMedia("(prefers-color-scheme: dark)");

  function theme() { return document.documentElement.dataset.theme || "system"; }

  function showTheme() {
    const names = { system: "as the system", light: "light", dark: "dark" };
    button.setAttribute("aria-label", `Colours: ${names[theme()]}`);
    button.textContent = { system: "◐", light: "☀", dark: "☾" }[theme()];
    drawCharts();
  }

  button.addEventListener("click", () => {
    const next = themes[(themes.indexOf(theme()) + 1) % themes.length];
    if (next === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try { localStorage.setItem("theme", next); } catch { /* it holds for this page then */ }
    showTheme();
  });
  system.addEventListener("change", drawCharts);

  // --- menu on narrow screens --------------------------------------------------------------------------------------
  const menuButton = document.querySelector(".menu-button");
  menuButton.addEventListener("click", () => {
    const open = menuButton.getAttribute("aria-expanded") !== "true";
    menuButton.setAttribute("aria-expanded", String(open));
    document.getElementById("menu").classList.toggle("open", open);
  });

  // --- charts ------------------------------------------------------------------------------------------------------
  function coloured(value, styles) {
    if (typeof value === "string" && value.startsWith("@")) return styles.getPropertyValue(`--${value.slice(1)}`).trim();
    if (Array.isArray(value)) return value.map((one) => coloured(one, styles));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, coloured(one, styles)]));
    }
    return value;
  }

  function axis(styles, given) {
    const line = styles.getPropertyValue("--line").trim();
    return { gridcolor: line, zerolinecolor: line, linecolor: line, automargin: true, ...given };
  }

  function layoutOf(figure, styles) {
    const ink = styles.getPropertyValue("--ink").trim();
    const layout = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: ink, family: getComputedStyle(document.body).fontFamily, size: 13 },
      margin: { l: 64, r: 24, t: 12, b: 56 },
      hoverlabel: { bgcolor: styles.getPropertyValue("--raised").trim(), bordercolor: ink, font: { color: ink } },
      legend: { orientation: "h", y: -0.2 },
      ...figure.layout,
    };
    if (layout.scene) {
      const back = { backgroundcolor: styles.getPropertyValue("--raised").trim(), showbackground: true };
      layout.scene = Object.fromEntries(
        Object.entries(layout.scene).map(([name, given]) => [name, axis(styles, { ...back, ...given })]));
    } else {
      layout.xaxis = axis(styles, layout.xaxis);
      layout.yaxis = axis(styles, layout.yaxis);
    }
    return layout;
  }

  async function drawChart(holder) {
    const styles = getComputedStyle(document.documentElement);
    const figure = coloured(JSON.parse(holder.querySelector("script").textContent), styles);
    const plot = holder.querySelector(".plot");
    const least = figure.layout.meta && figure.layout.meta.least_width;
    if (least) {
      plot.style.minWidth = `${least}px`;
      plot.tabIndex = 0; // it may scroll, and the keyboard scrolls what has the focus
    }
    try {
      await Plotly.react(plot, figure.data, layoutOf(figure, styles),
        { displayModeBar: false, responsive: true, scrollZoom: Boolean(figure.layout.scene), plotlyServerURL: "" });
    } catch (error) {
      plot.textContent = `This chart cannot be drawn here (${error.message}). The table has the same numbers.`;
      holder.classList.add("failed");
      return;
    }
    if (!plot.dataset.linked) {
      plot.dataset.linked = "yes";
      plot.on("plotly_click", (event) => {
        const target = event.points[0] && event.points[0].customdata;
        if (typeof target === "string" && target.startsWith("/")) location.assign(target);
      });
    }
    holder.classList.add("drawn");
  }

  function drawCharts() {
    if (typeof Plotly === "undefined") return;
    for (const holder of document.querySelectorAll("figure.chart")) drawChart(holder);
  }

  // --- tables ------------------------------------------------------------------------------------------------------
  function keyOf(row, column) {
    const cell = row.cells[column];
    const text = cell.dataset.sort !== undefined ? cell.dataset.sort : cell.textContent.trim();
    const number = text === "" ? NaN : Number(text.replaceAll(",", ""));
    return { text, number };
  }

  // Unknown stands last, whichever way is up.
  function compare(a, b, direction) {
    const aIsNumber = !Number.isNaN(a.number), bIsNumber = !Number.isNaN(b.number);
    if (aIsNumber && bIsNumber) return direction * (a.number - b.number);
    if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1;
    return direction * a.text.localeCompare(b.text, undefined, { numeric: true });
  }

  function sort(table, column, direction) {
    const body = table.tBodies[0];
    const rows = Array.from(body.rows).map((row) => ({ row, key: keyOf(row, column) }));
    rows.sort((a, b) => compare(a.key, b.key, direction));
    body.append(...rows.map(({ row }) => row));
    for (const head of table.tHead.rows[0].cells) head.removeAttribute("aria-sort");
    table.tHead.rows[0].cells[column].setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
  }

  // The URL keeps the order: "sort=0.3" is the first table by its fourth column, "sort=0.-3" downwards.
  function rememberSort(number, column, direction) {
    const url = new URL(location);
    url.searchParams.set("sort", `${number}.${direction < 0 ? "-" : ""}${column}`);
    history.replaceState(history.state, "", url);
  }

  function makeSortable() {
    const tables = Array.from(page().querySelectorAll("table.sortable"));
    tables.forEach((table, number) => {
      if (!table.tHead || table.tBodies.length !== 1) return;
      Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
        const press = document.createElement("button");
        press.type = "button";
        press.className = "sort";
        press.append(...head.childNodes);
        press.addEventListener("click", () => {
          const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
          sort(table, column, direction);
          rememberSort(number, column, direction);
          say(`Sorted by ${press.textContent}, ${direction > 0 ? "upwards" : "downwards"}`);
        });
        head.append(press);
      });
    });
    const wanted = /^(\d+)\.(-?)(\d+)$/.exec(new URL(location).searchParams.get("sort") || "");
    const table = wanted && tables[Number(wanted[1])];
    if (table && table.tHead.rows[0].cells[Number(wanted[3])]) sort(table, Number(wanted[3]), wanted[2] ? -1 : 1);
  }

  // --- filters at once ---------------------------------------------------------------------------------------------
  let asked = 0;

  async function show(address, keep) {
    const number = ++asked;
    const opened = Array.from(page().querySelectorAll("details.filter[open] summary"), (one) => one.firstChild.textContent.trim());
    page().setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (number !== asked) return; // a later choice has been made meanwhile
      const wanted = next.getElementById("page");
      if (!wanted) throw new Error(`the server answered ${answer.status}`);
      if (typeof Plotly !== "undefined") for (const plot of page().querySelectorAll(".js-plotly-plot")) Plotly.purge(plot);
      if (typeof Plotly === "undefined" && wanted.querySelector("figure.chart")) { location.assign(address); return; }
      page().replaceWith(wanted);
      document.title = next.title;
      if (!keep) history.pushState(null, "", address);
      for (const one of page().querySelectorAll("details.filter")) {
        if (opened.includes(one.querySelector("summary").firstChild.textContent.trim())) one.open = true;
      }
      start();
      say(answer.ok ? "The page shows the new choice" : "The choice was refused");
    } catch (error) {
      page().removeAttribute("aria-busy");
      showProblem(`The choice could not be loaded: ${error.message}. Is the dashboard still running?`);
    }
  }

  function showProblem(text) {
    let box = page().querySelector(".notice.problem");
    if (!box) {
      box = document.createElement("p");
      box.className = "notice problem";
      box.setAttribute("role", "alert");
      page().prepend(box);
    }
    box.textContent = text;
  }

  function addressOf(form) {
    const state = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value !== "") state.append(name, value);
    const query = state.toString();
    return form.getAttribute("action") + (query ? `?${query}` : "");
  }

  function start() {
    const form = page().querySelector("form.filters");
    if (form) {
      form.addEventListener("change", (event) => {
        // Another kind of sides makes the chosen ones void.
        if (event.target.name === "by") for (const one of form.querySelectorAll("[name=a], [name=b]")) one.disabled = true;
        const focus = event.target;
        show(addressOf(form)).then(() => refocus(focus));
      });
      form.addEventListener("submit", (event) => { event.preventDefault(); show(addressOf(form)); });
    }
    makeSortable();
    drawCharts();
  }

  // The page was replaced: the keyboard stays where it was.
  function refocus(old) {
    const name = CSS.escape(old.name);
    const same = old.type === "checkbox" ? `[name="${name}"][value="${CSS.escape(old.value)}"]` : `[name="${name}"]`;
    const found = page().querySelector(`form.filters ${same}`);
    if (found) found.focus({ preventScroll: true });
  }

  addEventListener("popstate", () => show(location.pathname + location.search, true));
  document.addEventListener("click", (event) => {
    for (const one of document.querySelectorAll("details.filter[open]")) if (!one.contains(event.target)) one.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const one of document.querySelectorAll("details.filter[open]")) { one.open = false; one.querySelector("summary").focus(); }
  });

  document.documentElement.classList.add("scripted");
  showTheme();
  start();
})();
