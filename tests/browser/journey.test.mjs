// The main job, as people do it: the provider makes a customer, the customer gets a server, uses it, and deletes it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { inspect, launch, panel, signIn, visitor } from "./panel.mjs";
import { walk } from "./walk.mjs";

const SERVER_TIMEOUT = 180_000;
const PASSWORD = "a quiet harbour at dawn";
const company = `Bakery ${Date.now() % 100000}`;
let browser;
let invitation;

before(async () => { browser = await launch(); });
after(() => browser?.close());

async function fill(page, fields) {
  for (const [name, value] of Object.entries(fields)) await page.locator(`[name="${name}"]`).fill(value);
}

test("nobody sees more than the door", async () => {
  const page = await visitor(browser);
  await page.goto("/staff");
  assert.equal(new URL(page.url()).pathname, "/sign-in");
  await inspect(page);
  await page.goto("/nowhere");
  await inspect(page);
});

test("the provider makes a plan, a tenant and its owner's invitation", async () => {
  const page = await visitor(browser);
  await signIn(page, panel.email, panel.password);
  await inspect(page);
  await page.goto("/staff/plans/new");
  await inspect(page);
  await fill(page, { name: `Plan of ${company}`, servers: "3", cores: "4", memory_mib: "8192", disk_mib: "51200", members: "5", networks: "5" });
  await page.getByRole("button", { name: "Create plan" }).click();
  await page.waitForURL(/\/staff\/plans\/pln_/);
  await inspect(page);
  await page.goto("/staff/tenants/new");
  await inspect(page);
  await fill(page, { name: company });
  const plan = await page.locator('[name="plan_id"] option', { hasText: `Plan of ${company}` }).getAttribute("value");
  await page.locator('[name="plan_id"]').selectOption(plan);
  await page.getByRole("button", { name: "Create tenant" }).click();
  await page.waitForURL(/\/staff\/tenants\/ten_/);
  await inspect(page);
  await page.getByRole("navigation", { name: "Tenant" }).getByRole("link", { name: "Members" }).click();
  await inspect(page);
  await page.locator('[name="email"]').fill(`owner-${Date.now()}@example.org`);
  await page.locator('[name="role"]').selectOption("owner");
  await page.getByRole("button", { name: /invit/i }).click();
  invitation = (await page.locator("code", { hasText: "/invite/" }).first().textContent()).trim();
  const seen = new Set();
  for (const home of ["/staff", "/account", "/help"]) await walk(page, home, { seen });
  for (const kind of ["/staff/tenants/{id}/members", "/staff/people/{id}", "/staff/plans/{id}", "/staff/catalogue/{template}", "/account/tokens"]) {
    assert.ok(seen.has(kind), `${kind} was not among ${[...seen].join(" ")}`);
  }
});

/** Uploads the site's first page, edits, renames and deletes it. */
async function filesOf(page, server, address) {
  const shown = async () => (await fetch(address)).text();
  const entry = (name) => page.locator("a.row-link", { hasText: name });
  await page.goto(`${server}/files`);
  await inspect(page);
  await entry("site").click();
  await page.getByRole("heading", { name: "This folder is empty" }).waitFor();
  await inspect(page);
  // More than any other request may bring.
  const large = Buffer.alloc(3 * 1024 * 1024, "bread ");
  const files = [["index.html", "text/html", "<h1>Fresh bread</h1>\n"], ["100% 東京.bin", "application/octet-stream", large]];
  await page.locator('[name="file"]').setInputFiles(files.map(([name, mimeType, content]) => ({ name, mimeType, buffer: Buffer.from(content) })));
  await page.getByRole("button", { name: "Upload", exact: true }).click();
  await entry("index.html").waitFor();
  assert.match(await shown(), /Fresh bread/);
  await entry("100% 東京.bin").waitFor();
  await inspect(page);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download 100% 東京.bin" }).click()]);
  assert.equal(download.suggestedFilename(), "100% 東京.bin");
  assert.deepEqual(readFileSync(await download.path()), large);

  await entry("index.html").click();
  await inspect(page);
  await page.getByRole("link", { name: "Edit", exact: true }).click();
  await inspect(page);
  await page.locator('[name="content"]').fill("<h1>Old bread</h1>\n");
  await page.keyboard.press("Control+s");
  await page.getByText("Saved index.html.").waitFor();
  assert.match(await shown(), /Old bread/);

  await page.goto(`${server}/files?path=/site`);
  await page.getByRole("link", { name: "Rename, move or change index.html" }).click();
  await inspect(page);
  await page.locator('[name="to"]').fill("/site/start.html");
  await page.getByLabel("Write: group").check();
  assert.equal(await page.locator('[name="mode"]').inputValue(), "664");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Changed start.html.").waitFor();
  await page.locator('[name="name"]').fill("pictures");
  await page.getByRole("button", { name: "Make folder" }).click();
  await page.getByText("Made the folder pictures.").waitFor();
  for (const name of ["start.html", "100% 東京.bin", "pictures"]) {
    await page.getByRole("link", { name: `Delete ${name}` }).click();
    await inspect(page);
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByText(`Deleted ${name}.`).waitFor();
  }
  await page.getByRole("heading", { name: "This folder is empty" }).waitFor();
}

/** Makes a volume, attaches it to the server, sees by itself when the server has it, and puts a file into it. */
async function volumeOf(page, home, server) {
  await page.goto(`${home}/volumes`);
  await inspect(page);
  await page.getByRole("link", { name: "Create the first volume" }).click();
  await inspect(page);
  await fill(page, { name: "Pictures", size_mib: "64" });
  await page.getByRole("button", { name: "Create volume" }).click();
  await page.waitForURL(/\/volumes\/vol_/);
  const panel = page.locator("#volume-panel");
  await panel.locator("dd .status", { hasText: "Not attached" }).waitFor({ timeout: SERVER_TIMEOUT });
  await inspect(page);
  await panel.getByRole("link", { name: "Attach to a server" }).click();
  await inspect(page);
  assert.equal(await page.locator('[name="path"]').inputValue(), "/pictures");
  await page.getByRole("button", { name: "Attach", exact: true }).click();
  await panel.locator("td .status", { hasText: /^Attached$/ }).waitFor({ timeout: SERVER_TIMEOUT });
  await page.getByRole("navigation", { name: "Volume", exact: true }).getByRole("link", { name: "Files" }).click();
  await page.getByRole("heading", { name: "This folder is empty" }).waitFor();
  await inspect(page);
  await page.locator('[name="file"]').setInputFiles({ name: "cat.txt", mimeType: "text/plain", buffer: Buffer.from("A cat\n") });
  await page.getByRole("button", { name: "Upload", exact: true }).click();
  await page.locator("a.row-link", { hasText: "cat.txt" }).click();
  await page.getByText("A cat").waitFor();
  await inspect(page);
  await page.goto(server);
  await page.locator("#server-status").filter({ hasText: "Running" }).waitFor({ timeout: SERVER_TIMEOUT });
}

test("the customer creates a web site, opens it, stops it and deletes it", async () => {
  const page = await visitor(browser);
  await page.goto(invitation);
  await inspect(page);
  await fill(page, { name: "Ada Baker", password: PASSWORD });
  await page.locator('form button[type="submit"]').first().click();
  await page.waitForURL(/\/t\//);
  await inspect(page);
  const home = new URL(page.url()).pathname.split("/").slice(0, 3).join("/");

  await page.goto(`${home}/servers`);
  await inspect(page);
  await page.getByRole("link", { name: "Create the first server" }).click();
  await inspect(page);
  await page.locator('label:has([name="template"][value="static-site"])').click();
  await page.locator('label:has([name="size"][value="small-box"])').click();
  await page.locator('[name="variables.SITE_TITLE"]').fill(`${company} <b>bread</b>`);
  await page.locator('[name="variables.SITE_OWNER"]').fill(company);
  await page.getByLabel("Name", { exact: true }).fill("website");
  await page.getByRole("button", { name: "Create server" }).click();
  await page.waitForURL(/\/servers\/srv_/);
  const status = page.locator("#server-status");
  await status.filter({ hasText: "Running" }).waitFor({ timeout: SERVER_TIMEOUT });
  // What came in while it was being made has moved things; a page that opens now must not.
  await page.reload();
  await inspect(page);

  const address = await page.locator("[data-server-address]").first().getAttribute("href");
  const site = await (await browser.newContext()).newPage();
  await site.goto(address);
  assert.ok((await site.content()).includes("&lt;b&gt;bread&lt;/b&gt;"), "the site says whose it is, escaped");
  await site.close();

  const server = page.url();
  await volumeOf(page, home, server);
  await filesOf(page, server, address);
  const seen = await walk(page, home);
  for (const kind of ["/t/{tenant}/servers/{id}/logs", "/t/{tenant}/servers/{id}/settings", "/t/{tenant}/members", "/t/{tenant}/audit"]) {
    assert.ok(seen.includes(kind), `${kind} was not among ${seen.join(" ")}`);
  }

  await page.goto(`${server}/logs`);
  const log = page.locator("#log-lines");
  await fetch(`${address}/before-the-restart`);
  await log.filter({ hasText: "before-the-restart" }).waitFor();
  const other = await page.context().newPage();
  await other.goto(server);
  await other.getByRole("button", { name: "Stop" }).click();
  const state = other.locator("#server-status");
  await state.filter({ hasText: "Stopped" }).waitFor({ timeout: SERVER_TIMEOUT });
  await other.getByRole("button", { name: "Start" }).click();
  await state.filter({ hasText: "Running" }).waitFor({ timeout: SERVER_TIMEOUT });
  await fetch(`${address}/after-the-start`);
  // The page was open all the time.
  await log.filter({ hasText: "after-the-start" }).waitFor({ timeout: SERVER_TIMEOUT });
  await other.close();
  await page.goto(server);
  await page.getByRole("button", { name: "Stop" }).click();
  await status.filter({ hasText: "Stopped" }).waitFor({ timeout: SERVER_TIMEOUT });
  await assert.rejects(fetch(address), "a stopped server answers nobody");

  await page.goto(`${server}/settings`);
  await page.getByRole("button", { name: "Delete server" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.locator('[name="confirm"]').fill("website");
  await dialog.getByRole("button", { name: "Delete server" }).click();
  await page.waitForURL(/\/servers$/);
  await page.getByRole("heading", { name: "No servers yet" }).waitFor({ timeout: SERVER_TIMEOUT });
  await page.goto(`${home}/servers`);
  await page.getByRole("heading", { name: "No servers yet" }).waitFor();
});
