// The theme, before the first paint: this file is loaded in <head> without defer. It also marks the root with
// `js`, so that styles can hide what needs script where there is none.
(() => {
  const root = document.documentElement;
  const stored = () => {
    try { return localStorage.getItem("theme"); } catch { return null; }
  };
  const apply = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  };

  root.classList.add("js");
  apply(stored());

  addEventListener("storage", (event) => event.key === "theme" && apply(event.newValue));
  addEventListener("change", (event) => {
    if (event.target.name !== "theme" || !event.target.closest("[data-theme-picker]")) return;
    apply(event.target.value);
    try { localStorage.setItem("theme", event.target.value); } catch { /* the choice lasts for this page */ }
  });
  addEventListener("DOMContentLoaded", () => {
    const chosen = document.querySelector(`[data-theme-picker] [value="${root.dataset.theme ?? "auto"}"]`);
    if (chosen) chosen.checked = true;
  });
})();
