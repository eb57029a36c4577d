// Files: uploads in pieces that survive a broken connection, files dropped onto the page, the editor's Ctrl+S, and boxes
// and digits of permissions that follow each other. Without this script the forms do the same, more plainly.

const PIECE = 8 * 1024 * 1024;
const TRIES = 6;
const wait = (millis) => new Promise((resolve) => { setTimeout(resolve, millis); });

/** What cannot be mended by trying again, in words. */
class Refused extends Error {}

function randomName() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** One request; XMLHttpRequest because fetch does not tell how far an upload is. */
function send(method, url, body, headers, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => progress?.(event.loaded));
    request.addEventListener("error", () => reject(new Error("The connection broke.")));
    request.addEventListener("load", () => {
      if (request.status >= 500 || request.status === 429) return reject(new Error("The panel did not answer."));
      try {
        resolve({ status: request.status, answer: JSON.parse(request.responseText) });
      } catch {
        reject(new Refused(request.status === 413 ? "It is too large." : "You were signed out. Reload this page, and sign in."));
      }
    });
    request.send(body);
  });
}

/** Sends a file piece by piece; after a break asks how much has come, and goes on from there. */
async function upload(zone, file, replace, tell) {
  const name = file.name.replaceAll("%", "%25");
  const query = new URLSearchParams({ path: `${zone.dataset.path}/${name}` });
  const url = `${zone.dataset.upload}${randomName()}`;
  const headers = { "Content-Type": "application/octet-stream", ...(replace ? {} : { "If-None-Match": "*" }) };
  let [offset, tries] = [0, 0];
  for (;;) {
    try {
      if (tries > 0) {
        await wait(500 * 2 ** tries);
        offset = (await send("GET", `${url}?${query}`, null, {})).answer.offset;
      }
      const piece = file.slice(offset, offset + PIECE);
      const place = new URLSearchParams({ path: query.get("path"), offset, length: file.size });
      const { status, answer } = await send("POST", `${url}?${place}`, piece, headers, (sent) => tell(offset + sent));
      const isPassing = answer.code === "upload-offset" || answer.code === "upload-busy";
      if (status >= 400 && !isPassing) throw new Refused(answer.message);
      if (status >= 400) throw new Error(answer.message);
      [offset, tries] = [answer.offset, 0];
      tell(offset);
      if (answer.is_whole) return;
    } catch (error) {
      tries += 1;
      if (error instanceof Refused || tries >= TRIES) throw error;
    }
  }
}

/** A line of the list of uploads: the name, a bar, and what came of it. */
function line(list, file) {
  const item = document.createElement("li");
  const [name, bar, state] = ["span", "progress", "span"].map((tag) => document.createElement(tag));
  name.textContent = file.name;
  name.className = "break";
  bar.max = Math.max(file.size, 1);
  bar.value = 0;
  bar.setAttribute("aria-label", `Upload of ${file.name}`);
  state.textContent = "Waiting";
  state.className = "hint";
  item.append(name, bar, state);
  list.append(item);
  list.hidden = false;
  return {
    tell: (bytes) => {
      bar.value = bytes;
      state.textContent = `${Math.floor((bytes / bar.max) * 100)} %`;
    },
    done: () => {
      bar.value = bar.max;
      state.textContent = "Done";
    },
    fail: (words) => {
      bar.remove();
      state.textContent = words;
      state.className = "error";
    },
  };
}

let busy = false;
window.addEventListener("beforeunload", (event) => { if (busy) event.preventDefault(); });

async function uploadAll(zone, files) {
  if (busy || files.length === 0) return;
  busy = true;
  const list = zone.querySelector("[data-upload-list]");
  list.replaceChildren();
  const replace = zone.querySelector("[name=replace]").checked;
  const lines = files.map((file) => [file, line(list, file)]);
  let failures = 0;
  for (const [file, shown] of lines) {
    try {
      await upload(zone, file, replace, shown.tell);
      shown.done();
    } catch (error) {
      failures += 1;
      shown.fail(error.message);
    }
  }
  busy = false;
  document.querySelector("[data-announce]").textContent = failures ? `${failures} files were not uploaded` : "Uploaded";
  if (failures === 0) location.reload();
}

function watchZone(zone) {
  const form = zone.querySelector("[data-upload-form]");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    uploadAll(zone, [...form.elements.file.files]);
  });
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    zone.dataset.over = "";
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) delete zone.dataset.over; });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    delete zone.dataset.over;
    uploadAll(zone, [...event.dataTransfer.files]);
  });
}

function watchEditor(form) {
  const text = form.elements.content;
  const before = text.value;
  let saving = false;
  form.addEventListener("submit", () => { saving = true; });
  window.addEventListener("beforeunload", (event) => { if (!saving && text.value !== before) event.preventDefault(); });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    event.preventDefault();
    form.requestSubmit();
  });
}

/** Boxes and digits say the same: whichever changes, the other follows. */
function watchMode(form) {
  const boxes = [...form.querySelectorAll("[name=bit]")];
  const digits = form.elements.mode;
  if (!digits) return;
  const sum = () => boxes.reduce((mode, box) => mode + (box.checked ? 2 ** Number(box.value) : 0), 0);
  form.addEventListener("input", (event) => {
    if (event.target === digits && /^[0-7]{3}$/.test(digits.value)) {
      const mode = parseInt(digits.value, 8);
      for (const box of boxes) box.checked = (mode & (2 ** Number(box.value))) !== 0;
    } else if (boxes.includes(event.target)) {
      digits.value = sum().toString(8).padStart(3, "0");
    }
  });
}

document.querySelectorAll("[data-upload]").forEach(watchZone);
document.querySelectorAll("[data-editor]").forEach(watchEditor);
document.querySelectorAll("[data-mode-form]").forEach(watchMode);
