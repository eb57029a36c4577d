// The command palette (Ctrl-K): the rail's entries, and what the server finds at the dialog's data-search address,
// which answers `?q=` with {"items": [{"label", "href", "hint", "group", "icon"}]} (all but label and href optional).

const dialog = document.getElementById("palette");
const input = dialog?.querySelector("input");
const list = dialog?.querySelector("[role=listbox]");
const none = dialog?.querySelector("[data-none]");
let asked = 0;
let timer = 0;
let request = null;

function entries() {
  const links = [...document.querySelectorAll("[data-palette-item]")];
  const found = links.filter((link) => link.getAttribute("aria-current") !== "true").map((link) => ({
    label: link.dataset.paletteItem,
    href: link.getAttribute("href"),
    icon: link.dataset.icon,
    group: link.dataset.group || "Go to",
  }));
  return [...found.filter((entry) => entry.group === "Go to"), ...found.filter((entry) => entry.group !== "Go to")];
}

/** Every word of the question starts a word of the label. */
function matches(entry, question) {
  const label = ` ${entry.label.toLowerCase()}`;
  return question.toLowerCase().split(/\s+/).every((word) => label.includes(` ${word}`) || (word.length > 2 && label.includes(word)));
}

function option(entry, index) {
  const link = document.createElement("a");
  link.className = "palette-item";
  link.id = `palette-${index}`;
  link.href = entry.href;
  link.role = "option";
  link.tabIndex = -1;
  link.ariaSelected = String(index === 0);
  const icon = document.createElement("i");
  icon.className = `icon i-${/^[a-z0-9-]+$/.test(entry.icon ?? "") ? entry.icon : "corner-down-right"}`;
  icon.ariaHidden = "true";
  const label = document.createElement("span");
  label.textContent = entry.label;
  link.append(icon, label);
  if (entry.hint) link.append(Object.assign(document.createElement("span"), { textContent: entry.hint }));
  return link;
}

function show(found) {
  const groups = Map.groupBy(found, (entry) => entry.group || "Results");
  let index = 0;
  list.replaceChildren(...Array.from(groups, ([name, group], number) => {
    const box = document.createElement("div");
    box.role = "group";
    const title = Object.assign(document.createElement("div"), { className: "palette-group", textContent: name, id: `palette-g${number}` });
    title.role = "presentation";
    box.setAttribute("aria-labelledby", title.id);
    box.append(title, ...group.map((entry) => option(entry, index++)));
    return box;
  }));
  none.hidden = found.length > 0;
  input.setAttribute("aria-expanded", String(found.length > 0));
  select(list.querySelector("[role=option]"));
}

function select(chosen) {
  for (const entry of list.querySelectorAll("[role=option]")) entry.ariaSelected = String(entry === chosen);
  if (chosen) input.setAttribute("aria-activedescendant", chosen.id);
  else input.removeAttribute("aria-activedescendant");
  chosen?.scrollIntoView({ block: "nearest" });
}

function move(by) {
  const all = [...list.querySelectorAll("[role=option]")];
  const now = all.findIndex((entry) => entry.ariaSelected === "true");
  if (all.length) select(all[(now + by + all.length) % all.length]);
}

function search() {
  const question = input.value.trim();
  const local = entries().filter((entry) => !question || matches(entry, question));
  show(local);
  clearTimeout(timer);
  request?.abort();
  if (question && dialog.dataset.search) timer = setTimeout(ask, 120, question, local);
}

async function ask(question, local) {
  const turn = ++asked;
  request = new AbortController();
  const url = new URL(dialog.dataset.search, location.href);
  url.searchParams.set("q", question);
  try {
    const answer = await fetch(url, { headers: { Accept: "application/json" }, signal: request.signal });
    const items = answer.ok ? (await answer.json()).items : [];
    if (turn === asked && input.value.trim() === question) show([...local, ...items]);
  } catch { /* the rail's entries stay */ }
}

function openPalette() {
  if (dialog.open) return dialog.close();
  document.getElementById("rail")?.hidePopover?.();
  input.value = "";
  dialog.showModal();
  search();
}

if (dialog) {
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    openPalette();
  });
  document.addEventListener("click", (event) => event.target.closest("[data-palette-open]") && openPalette());
  input.addEventListener("input", search);
  input.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) move(by);
    else if (event.key === "Enter") list.querySelector("[aria-selected=true]")?.click();
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointermove", (event) => {
    const entry = event.target.closest("[role=option]");
    if (entry && entry.ariaSelected !== "true") select(entry);
  });
}
