// Before anything is drawn: the colours that were chosen last time, so that a dark page does not flash white.
"use strict";
try {
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage may be refused; the system's colours are used then.
}
