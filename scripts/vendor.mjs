#!/usr/bin/env node
// Third-party browser files, from npm into static/vendor/ (never committed): htmx, uPlot, the terminal xterm.js, and the lucide
// icons that static/icons.txt names, as one style sheet of masks. Runs `npm ci` only when package-lock.json has changed, and
// writes only what differs: a second run takes a blink and changes nothing. Works with Debian 12's Node 18.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const at = (...parts) => join(root, ...parts);
const read = (path) => readFileSync(at(path), "utf8");

function install() {
  const stamp = at("node_modules/.berth-stamp");
  const wanted = createHash("sha256").update(read("package-lock.json")).update(read("package.json")).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  console.log("vendor: npm ci");
  execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: root, stdio: "inherit" });
  writeFileSync(stamp, wanted);
}

function iconNames() {
  const names = read("static/icons.txt").split("\n").map((line) => line.replace(/#.*/, "").trim()).filter(Boolean);
  return [...new Set(names)].sort();
}

/** Every file below a folder. */
function files(folder) {
  if (!existsSync(at(folder))) return [];
  return readdirSync(at(folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? files(path) : [path];
  });
}

/** Icons that templates or code name and static/icons.txt does not would be blank squares: refuse. */
function checkUses(names) {
  const uses = [
    ...files("templates").flatMap((path) => find(path, /\bicon(?:\s*=\s*|\()"([a-z0-9-]+)"|\bi-([a-z0-9-]+)\b(?=[^<>{}]*")/g)),
    ...files("src").flatMap((path) => find(path, /\bicon:\s*"([a-z0-9-]+)"/g)),
    ...files("catalogue").filter((path) => path.endsWith("/template.toml"))
      .flatMap((path) => find(path, /^icon = "([a-z0-9-]+)"/gm)),
    ...find("src/rail.rs", /\("[A-Z][^"]*",\s*"([a-z0-9-]+)",/g),
  ];
  const unknown = uses.filter(({ name }) => !names.includes(name));
  if (unknown.length === 0) return;
  for (const { path, name } of unknown) console.error(`vendor: ${path} uses the icon "${name}": add it to static/icons.txt`);
  process.exit(1);
}

function find(path, pattern) {
  return Array.from(read(path).matchAll(pattern), (match) => ({ path, name: match[1] ?? match[2] }));
}

/** One drawing as a data address: no comment, no class, thinner strokes, only what CSS needs escaped. */
function drawing(name) {
  const file = `node_modules/lucide-static/icons/${name}.svg`;
  if (!existsSync(at(file))) throw new Error(`static/icons.txt: lucide has no icon "${name}"`);
  const body = read(file).replace(/<!--[\s\S]*?-->/g, "").replace(/<svg[\s\S]*?>/, "").replace("</svg>", "")
    .replace(/\s+/g, " ").replace(/> </g, "><").replace(/ ?\/>/g, "/>").replaceAll('"', "'").trim();
  const svg = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='black' stroke-width='1.75' stroke-linecap='round' stroke-linejoin='round'>${body}</svg>`;
  return svg.replaceAll("%", "%25").replaceAll("#", "%23");
}

function iconStyles(names) {
  const licence = read("node_modules/lucide-static/LICENSE").split("\n")[0];
  const drawings = names.map((name) => `--icon-${name}:url("data:image/svg+xml,${drawing(name)}")`);
  const classes = names.map((name) => `.i-${name}{--icon:var(--icon-${name})}`);
  return `/* lucide (${licence}), the icons of static/icons.txt. Made by scripts/vendor.mjs. */\n@layer tokens{:root{${drawings.join(";\n")}}}\n@layer components{\n${classes.join("\n")}\n}\n`;
}

function put(kept, name, content) {
  kept.add(name);
  const path = at("static/vendor", name);
  if (existsSync(path) && readFileSync(path, "utf8") === content) return;
  writeFileSync(path, content);
  console.log(`vendor: static/vendor/${name}`);
}

install();
const names = iconNames();
checkUses(names);
mkdirSync(at("static/vendor"), { recursive: true });
const kept = new Set();
const script = (path) => read(`node_modules/${path}`).replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n");
put(kept, "htmx.js", script("htmx.org/dist/htmx.min.js"));
put(kept, "xterm.js", script("@xterm/xterm/lib/xterm.js"));
put(kept, "xterm-fit.js", script("@xterm/addon-fit/lib/addon-fit.js"));
put(kept, "xterm.css", read("node_modules/@xterm/xterm/css/xterm.css"));
put(kept, "icons.css", iconStyles(names));
put(kept, "uplot.js", read("node_modules/uplot/dist/uPlot.iife.min.js"));
put(kept, "uplot.css", `@layer components{${read("node_modules/uplot/dist/uPlot.min.css")}}`);
for (const name of readdirSync(at("static/vendor"))) {
  if (!kept.has(name)) rmSync(at("static/vendor", name), { recursive: true });
}
