// A person without a mouse: everything is found by its role and its label, and reached by the Tab key alone.

import assert from "node:assert/strict";

/** No page of ours has so many places to stop at. */
const MOST_STOPS = 250;

const literally = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A field by its label, as it is written there; what is optional says so behind it. */
export const field = (scope, label) => scope.getByLabel(new RegExp(`^${literally(label)}( optional)?$`));

/** Goes to something by the Tab key. */
export async function reach(page, target) {
  await target.waitFor();
  for (let stop = 0; stop < MOST_STOPS; stop += 1) {
    if (await target.evaluate((one) => one === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`the Tab key does not come to ${target}`);
}

/** Writes a text in place of what a field had. */
export async function write(page, target, text) {
  await reach(page, target);
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(text);
  assert.equal(await target.inputValue(), text);
}

/** Follows a link or presses a button, and waits for the page that this leads to, if it is to lead to one. */
export async function press(page, target) {
  await reach(page, target);
  const leads = await target.evaluate((one) => (one.tagName === "A" ? !one.dataset.dialog : one.type === "submit"));
  await Promise.all([leads && page.waitForEvent("load"), page.keyboard.press("Enter")]);
}

/** Follows a link of the page's own part, by its words. */
export const follow = (page, name, scope = page.getByRole("main")) => press(page, scope.getByRole("link", { name, exact: true }));

/** Presses a button of the page's own part, by its words. */
export const push = (page, name, scope = page.getByRole("main")) => press(page, scope.getByRole("button", { name, exact: true }));

/** Ticks a box that is not ticked. */
export async function tick(page, target) {
  await reach(page, target);
  await page.keyboard.press("Space");
  assert.ok(await target.isChecked());
}

/** Chooses one of a row of radio buttons: the Tab key comes to the chosen one, and arrows go on from there. */
export async function choose(page, chosen, wanted) {
  await reach(page, chosen);
  for (let stop = 0; stop < MOST_STOPS && !(await wanted.isChecked()); stop += 1) await page.keyboard.press("ArrowDown");
  assert.ok(await wanted.isChecked());
}

/** Chooses an option of a list by its words. */
export async function pick(page, target, label) {
  await reach(page, target);
  await target.selectOption({ label });
}
