// The console: xterm.js on one side, a WebSocket of the panel on the other (docs/console.md describes what goes over it).
// Binary messages are output and keys; text messages are events and orders. A connection that broke is made again by
// itself, with growing pauses, and the panel shows the screen as it was.

const nonce = document.currentScript.nonce;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
const KEY = "berth-console-letters";
const LETTERS = { smallest: 8, usual: 14, narrow: 12, largest: 24 };
const PIECE = 16 * 1024;
const WORDS = { opening: "Connecting…", open: "Connected", waiting: "Nobody has opened a terminal here yet." };
const NOT_OPEN = ["ended", "ready", "failed"];

// xterm.js writes its measures and colours into style elements of its own; the page's policy wants our nonce on each.
const createElement = document.createElement.bind(document);
document.createElement = (name, options) => {
  const made = createElement(name, options);
  if (name === "style") made.nonce = nonce;
  return made;
};

// It gives single letters colours by a style attribute, which the policy forbids; the same through the element's own style is
// none.
const setAttribute = Element.prototype.setAttribute;
Element.prototype.setAttribute = function set(name, value) {
  if (name === "style") this.style.cssText = value;
  else setAttribute.call(this, name, value);
};

/** The page's colours, which follow its theme. */
function theme(screen) {
  const style = getComputedStyle(screen);
  return { background: style.backgroundColor, foreground: style.color, cursor: style.color, cursorAccent: style.backgroundColor, selectionBackground: style.getPropertyValue("accent-color") };
}

function open(root) {
  const part = (name) => root.querySelector(`[data-console-${name}]`);
  const [screen, state, viewers, reconnect] = ["screen", "state", "viewers", "reconnect"].map(part);
  const isAttached = "attach" in root.dataset;
  let mayType = "mayType" in root.dataset;
  let socket = null;
  let word = "opening";
  let failures = 0;
  let timer = 0;
  let laying = 0;
  let agreed = null;
  let letters = Number(localStorage.getItem(KEY)) || (innerWidth < 600 ? LETTERS.narrow : LETTERS.usual);

  const term = new Terminal({
    fontFamily: getComputedStyle(screen).fontFamily,
    fontSize: letters,
    lineHeight: 1.15,
    scrollback: 5000,
    minimumContrastRatio: 4.5,
    convertEol: isAttached,
    disableStdin: isAttached || !mayType,
    cursorBlink: false,
    theme: theme(screen),
  });
  const fit = new FitAddon.FitAddon();
  term.loadAddon(fit);
  term.open(screen);
  term.textarea.setAttribute("aria-label", "Terminal. Shift and Tab together leave it.");
  // Tab belongs to the shell, so there has to be another way out for the keyboard.
  term.attachCustomKeyEventHandler((event) => !(event.key === "Tab" && event.shiftKey));

  const is = (name) => socket?.readyState === WebSocket[name];
  const order = (message) => is("OPEN") && socket.send(JSON.stringify(message));
  const type = (bytes) => {
    for (let at = 0; is("OPEN") && at < bytes.length; at += PIECE) socket.send(bytes.subarray(at, at + PIECE));
  };
  const say = (text, tone) => {
    state.textContent = text;
    state.dataset.tone = tone;
  };
  const offer = (yes) => { reconnect.hidden = !yes; };

  const setLetters = (size) => {
    if (term.options.fontSize !== size) term.options.fontSize = size;
  };
  /** How many characters fit, with letters as large as chosen. */
  const room = () => fit.proposeDimensions()?.cols ? fit.proposeDimensions() : { cols: 80, rows: 24 };

  /** Letters as large as chosen, or smaller where the others' terminal is wider than this window. */
  function lay() {
    clearTimeout(laying);
    setLetters(letters);
    const { cols, rows } = room();
    if (isAttached || !agreed) return term.resize(cols, rows);
    if (cols < agreed.columns) setLetters(Math.max(LETTERS.smallest, Math.floor((letters * cols) / agreed.columns)));
    term.resize(agreed.columns, agreed.rows);
  }

  function measure() {
    setLetters(letters);
    const { cols, rows } = room();
    order({ type: "resize", columns: Math.min(cols, 500), rows: Math.min(rows, 200) });
    // Where that changes the size for all, the panel says so first.
    laying = setTimeout(lay, 200);
  }

  const hear = {
    hello(event) {
      mayType = event.may_type;
      term.options.disableStdin = isAttached || !mayType;
    },
    state(event) {
      word = event.state;
      say(event.text || WORDS[word], { open: "good", opening: "busy", failed: "bad" }[word] ?? "idle");
      offer(mayType && NOT_OPEN.includes(word));
      if (word === "open" && mayType && !isAttached && (document.activeElement === document.body || document.activeElement === reconnect)) term.focus();
    },
    size(event) {
      agreed = event;
      lay();
    },
    viewers(event) {
      viewers.replaceChildren(...event.viewers.map((viewer) => {
        const line = createElement("li");
        line.textContent = viewer.may_type ? viewer.name : `${viewer.name} (looks)`;
        return line;
      }));
    },
    idle(event) {
      say(`Nothing was typed for a while. The console closes in ${event.seconds} seconds.`, "warn");
    },
    awake() {
      say(WORDS[word] ?? "", "good");
    },
    notice(event) {
      say(event.text, "warn");
    },
    end(event) {
      socket.told = event;
    },
  };

  function connect() {
    clearTimeout(timer);
    if (is("OPEN") || is("CONNECTING")) return;
    const url = new URL(root.dataset.console, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    setLetters(letters);
    const { cols, rows } = room();
    url.searchParams.set("columns", Math.min(cols, 500));
    url.searchParams.set("rows", Math.min(rows, 200));
    offer(false);
    say(WORDS.opening, "busy");
    const mine = new WebSocket(url);
    socket = mine;
    mine.binaryType = "arraybuffer";
    mine.onopen = () => {
      failures = 0;
      // What is remembered comes whole.
      term.reset();
    };
    mine.onmessage = ({ data }) => {
      if (typeof data !== "string") return term.write(new Uint8Array(data));
      const event = JSON.parse(data);
      hear[event.type]?.(event);
    };
    mine.onclose = () => {
      if (socket !== mine) return;
      viewers.replaceChildren();
      offer(true);
      if (mine.told && !mine.told.again) return say(mine.told.text, "idle");
      say(mine.told?.text ?? "Not connected. Trying again…", "warn");
      const pause = Math.min(FIRST_PAUSE * 2 ** failures++, LONGEST_PAUSE);
      timer = setTimeout(connect, pause * (0.7 + 0.6 * Math.random()));
    };
  }

  term.onData((data) => type(new TextEncoder().encode(data)));
  term.onBinary((data) => type(Uint8Array.from(data, (letter) => letter.charCodeAt(0))));
  reconnect.addEventListener("click", () => (is("OPEN") ? order({ type: "open" }) : connect()));
  part("line")?.addEventListener("submit", (event) => {
    event.preventDefault();
    const input = event.target.elements.line;
    if (!is("OPEN")) return;
    type(new TextEncoder().encode(`${input.value}\n`));
    input.value = "";
  });
  const grow = (by) => {
    letters = Math.max(LETTERS.smallest, Math.min(LETTERS.largest, letters + by));
    localStorage.setItem(KEY, letters);
    measure();
  };
  part("smaller").addEventListener("click", () => grow(-1));
  part("larger").addEventListener("click", () => grow(1));
  let settling = 0;
  new ResizeObserver(() => {
    clearTimeout(settling);
    settling = setTimeout(measure, 100);
  }).observe(screen);
  const repaint = () => requestAnimationFrame(() => { term.options.theme = theme(screen); });
  new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  addEventListener("online", connect);
  addEventListener("pagehide", () => {
    clearTimeout(timer);
    socket?.close();
  });
  addEventListener("pageshow", (event) => event.persisted && connect());
  lay();
  connect();
}

document.querySelectorAll("[data-console]").forEach(open);
