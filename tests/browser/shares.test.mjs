// A folder for people without an account: given by the customer, used by somebody with a link, and told of.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect, launch, panel, signIn, visitor } from "./panel.mjs";
import { walk } from "./walk.mjs";

const SERVER_TIMEOUT = 180_000;
const DAY = new Date(Date.now() + 24 * 3600 * 1000).toISOString().slice(0, 10);
let browser;

before(async () => { browser = await launch(); });
after(() => browser?.close());

async function api(method, path, body) {
  const headers = { authorization: `Bearer ${panel.tenantToken}`, "content-type": "application/json" };
  const answer = await fetch(panel.url + path, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.status === 204 ? null : answer.json();
}

/** Makes a link on a share's page, and says where it leads. */
async function link(page, kind, path) {
  await page.locator('[name="kind"]').selectOption(kind);
  await page.locator('[name="path"]').fill(path);
  await page.locator('[name="last_day"]').fill(DAY);
  await page.getByRole("button", { name: "Make link" }).click();
  return new URL((await page.locator("code", { hasText: "/s/" }).first().textContent()).trim()).pathname;
}

test("a folder is shared with somebody who has no account", async () => {
  const page = await visitor(browser);
  await signIn(page, "ada@example.org", panel.password);
  const home = `/t/${(await api("GET", "/api/v1/me")).tenant.slug}`;
  await page.goto(`${home}/shares`);
  await inspect(page);
  const made = await api("POST", "/api/v1/servers", { name: "files", template: "file-share", size: "small-box", variables: {} });
  const server = `${home}/servers/${made.server.id}`;
  await page.goto(server);
  await page.locator("#server-status").filter({ hasText: "Running" }).waitFor({ timeout: SERVER_TIMEOUT });
  await page.goto(`${server}/shares`);
  await page.getByRole("link", { name: "Create the first share" }).click();
  await inspect(page);
  await page.locator('[name="name"]').fill("plans");
  await page.locator('[name="folder"]').fill("work/plans");
  await page.locator('[name="protocols"][value="smb"]').check();
  await page.getByRole("button", { name: /create/i }).click();
  await page.waitForURL(/\/shares\/shr_/);
  await page.locator('[name="login"]').fill("ann");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("heading", { name: "Password of ann" }).waitFor();
  await inspect(page);
  await page.locator("#share-panel .status", { hasText: "In force" }).waitFor({ timeout: SERVER_TIMEOUT });

  const send = await link(page, "drop-off", "in");
  const guest = await visitor(browser);
  await guest.goto(send);
  await inspect(guest);
  await guest.locator('[name="file"]').setInputFiles({ name: "offer.txt", mimeType: "text/plain", buffer: Buffer.from("An offer\n") });
  await guest.getByRole("button", { name: "Send" }).click();
  await guest.getByText("offer.txt has arrived.").waitFor();
  await guest.goto(await link(page, "download", "in/offer.txt"));
  await inspect(guest);
  const [download] = await Promise.all([guest.waitForEvent("download"), guest.getByRole("link", { name: "Download" }).click()]);
  assert.equal(download.suggestedFilename(), "offer.txt");
  await guest.goto("/s/nothing");
  await inspect(guest);

  await page.getByRole("link", { name: "Who used what" }).click();
  for (const what of ["Wrote", "Fetched"]) await page.locator("tr", { hasText: what }).filter({ hasText: "in/offer.txt" }).waitFor();
  await inspect(page);
  await walk(page, `${server}/shares`);
  await page.goto(`${home}/shares`);
  await page.locator("a.row-link", { hasText: "plans" }).waitFor();
  await inspect(page);
  await api("DELETE", `/api/v1/servers/${made.server.id}`);
});
