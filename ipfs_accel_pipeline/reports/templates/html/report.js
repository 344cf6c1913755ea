// Sorting and filtering of the tables, where script is allowed. Without it they hold the same, in the report's order.
"use strict";
(() => {
  const NUMBER = /^[+-]?[\d,]*\.?\d+(?=$|\s)/;
  const rowsOf = (body) => Array.from(body.rows).filter((row) => !row.classList.contains("case"));

  function keyOf(row, column) {
    const cell = row.cells[column];
    const text = cell ? cell.dataset.sort || cell.textContent.trim() : "";
    const found = NUMBER.exec(text);
    return { text, number: found ? Number(found[0].replaceAll(",", "")) : NaN, known: !/^(–.*)?$/s.test(text) };
  }

  // Unknown stands last, whichever way is up.
  function compare(a, b, direction) {
    if (a.known !== b.known) return a.known ? -1 : 1;
    const words = [a, b].map((key) => Number.isNaN(key.number));
    if (words[0] !== words[1]) return words[0] ? 1 : -1;
    return direction * (words[0] ? a.text.localeCompare(b.text, undefined, { numeric: true }) : a.number - b.number);
  }

  for (const table of document.querySelectorAll("table")) {
    const given = new Map(Array.from(table.tBodies, (body) => [body, rowsOf(body)]));
    const heads = Array.from(table.tHead.rows[0].cells);
    heads.forEach((head, column) => {
      if (head.querySelector(".hidden")) return; // a column of drawings
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      // Upwards, downwards, and back to the order of the report; each group of a table in itself.
      button.addEventListener("click", () => {
        const next = { null: "ascending", ascending: "descending", descending: null }[head.getAttribute("aria-sort")];
        for (const one of heads) one.removeAttribute("aria-sort");
        if (next) head.setAttribute("aria-sort", next);
        const direction = next === "ascending" ? 1 : -1;
        for (const [body, rows] of given) {
          const keyed = rows.map((row) => [keyOf(row, column), row]);
          if (next) keyed.sort(([a], [b]) => compare(a, b, direction));
          body.append(...keyed.map(([, row]) => row));
        }
      });
    });
  }

  // A row is found by its own words, by those of its group, and by the name of the model or platform it is folded under.
  const known = Array.from(document.querySelectorAll("tbody")).flatMap((body) => {
    const group = body.querySelector("tr.case"), folded = body.closest("details");
    const shared = [group, folded && folded.querySelector("h3")].map((one) => (one ? one.textContent : "")).join(" ");
    return rowsOf(body).map((row) => ({ row, body, folded, words: `${shared} ${row.textContent}`.toLowerCase() }));
  });
  const folds = new Map(Array.from(document.querySelectorAll("details:has(table)"), (one) => [one, one.open]));

  function show(asked) {
    const words = asked.toLowerCase().split(/\s+/).filter(Boolean);
    const found = known.filter((one) => words.every((word) => one.words.includes(word)));
    const rows = new Set(found.map((one) => one.row)), bodies = new Set(found.map((one) => one.body));
    const folded = new Set(found.map((one) => one.folded));
    for (const one of known) {
      one.row.hidden = !rows.has(one.row);
      one.body.hidden = !bodies.has(one.body);
    }
    for (const [one, wasOpen] of folds) {
      one.hidden = !folded.has(one);
      one.open = words.length ? folded.has(one) : wasOpen;
    }
    return words.length ? `${found.length} of ${known.length} rows` : "";
  }

  if (!known.length) return;
  const finder = document.createElement("form");
  finder.className = "finder";
  finder.setAttribute("role", "search");
  const label = document.createElement("label"), input = document.createElement("input");
  const count = document.createElement("span");
  input.type = "search";
  input.placeholder = "model, platform, status, …";
  count.setAttribute("role", "status");
  label.append("Show only rows with ", input);
  finder.append(label, " ", count);
  finder.addEventListener("submit", (event) => event.preventDefault());
  input.addEventListener("input", () => { count.textContent = show(input.value); });
  document.querySelector("main").before(finder);
})();
