// Tickets by the keyboard, clocks that count, and notices of who is typing that go by themselves. Everything that a key does,
// something on the page does too: an element says its key by data-key, and what gets the focus after it by data-focus.
// Whoever dictates, or types with something else than fingers, turns single keys off in the page's list of keys.

const OFF = "ticket-keys-off";
const switchOf = () => document.querySelector("[data-keys-switch]");
const isOff = () => { try { return localStorage.getItem(OFF) === "1"; } catch { return false; } };

const rows = () => [...document.querySelectorAll("#ticket-rows > tr")];
const current = () => document.activeElement?.closest("#ticket-rows > tr");
const linkOf = (row) => row?.querySelector("a.row-link");

/** Goes to the next row or the one before; from elsewhere to the first. */
function move(by) {
  const all = rows();
  const now = all.indexOf(current());
  linkOf(all[Math.min(Math.max(now + by, 0), all.length - 1)])?.focus();
}

function select(row) {
  const box = row?.querySelector("input[type=checkbox]");
  if (box) box.checked = !box.checked;
}

/** Gives what is selected to who presses the key, or the row that they are at if nothing is. */
function take(row) {
  const bulk = document.getElementById("several");
  if (!bulk || !row) return;
  if (!document.querySelector("#ticket-rows input:checked")) select(row);
  bulk.elements.assignee.value = "me";
  bulk.requestSubmit();
}

/** Does what an element of the page says for its key. */
function press(element) {
  if (!element) return false;
  element.click();
  document.getElementById(element.dataset.focus)?.focus();
  return true;
}

function go(row, hash) {
  if (!row) return;
  const to = new URL(linkOf(row).href);
  // A row that was found by its words leads to a post.
  to.hash = hash;
  location.assign(to);
}

const keys = {
  j: () => move(1),
  k: () => move(-1),
  x: () => select(current()),
  a: () => take(current()),
  r: () => go(current(), "#compose-reply"),
  n: () => go(current(), "#compose-note"),
  "/": () => document.querySelector("main input[type=search]")?.focus(),
  "?": () => document.querySelector('[data-dialog="keys"]')?.click(),
};

document.addEventListener("keydown", (event) => {
  // Only pages that list them have keys.
  if (!switchOf() || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing) return;
  if (event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, dialog, [contenteditable]")) return;
  if ((isOff() && event.key !== "?") || document.querySelector("dialog[open]")) return;
  const element = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!element && !keys[event.key]) return;
  event.preventDefault();
  if (!press(element)) keys[event.key]();
});

if (switchOf()) {
  switchOf().checked = !isOff();
  switchOf().addEventListener("change", (event) => {
    try { localStorage.setItem(OFF, event.target.checked ? "0" : "1"); } catch { /* it lasts for this page */ }
  });
}

// A filter acts when it is chosen; what is typed acts with Enter.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-auto] select")) event.target.form.requestSubmit();
});

// Somebody comes from the queue to answer.
const asked = location.hash.startsWith("#compose-") && document.getElementById(location.hash.slice(1));
if (asked) press(asked);

const MINUTE = 60_000;
const two = (number) => String(number).padStart(2, "0");

/** How long until a time, or since it: the words of tickets::pages::clock, and seconds in the last hour. */
export function left(due, now) {
  const span = Math.abs(due - now);
  const minutes = Math.floor(span / MINUTE);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const words = days > 1 ? `${days} d ${hours % 24} h` : hours > 0 ? `${hours} h ${two(minutes % 60)} min` : `${minutes} min ${two(Math.floor(span / 1000) % 60)} s`;
  return due < now ? `${words} over` : `${words} left`;
}

/** When each notice of who types was first seen: the browser's clock may be wrong, and the panel says for how long. */
const seen = new Map();

function tick() {
  const now = Date.now();
  for (const time of document.querySelectorAll("time[data-countdown]")) {
    const due = new Date(time.dateTime).getTime();
    if (Number.isNaN(due)) continue;
    const words = left(due, now);
    if (time.textContent !== words) time.textContent = words;
    time.toggleAttribute("data-over", due < now);
  }
  for (const notice of document.querySelectorAll("[data-left]")) {
    const key = `${notice.id} ${notice.dataset.until}`;
    if (!seen.has(key)) seen.set(key, now);
    if (now - seen.get(key) >= Number(notice.dataset.left) * 1000) notice.remove();
  }
}

tick();
setInterval(() => document.hidden || tick(), 1000);
document.addEventListener("visibilitychange", () => document.hidden || tick());
