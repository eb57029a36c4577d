// What is outside of the panel when mail is tested: DNS, where the test is every domain's owner, and other people's mail programs.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { promises as dns } from "node:dns";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { panel } from "./panel.mjs";

const PATIENCE = 20_000;
const CLIENT = new URL("../it/mail_service/client.py", import.meta.url).pathname;
let edition = 0;

/** Publishes these lines of a zone beside the provider's own, in place of what was published before. */
export async function publish(lines) {
  edition += 1;
  const marker = `edition.test. 1 IN TXT "${process.pid}-${edition}"`;
  writeFileSync(`${panel.dns.folder}/zone`, [readFileSync(`${panel.dns.folder}/provider`, "utf8").trim(), ...lines, marker, ""].join("\n"));
  process.kill(Number(readFileSync(`${panel.dns.folder}/pid`, "utf8")), "SIGHUP");
  const resolver = new dns.Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([`127.0.0.1:${panel.dns.port}`]);
  await until("the name server has what was published", async () => {
    const [[said]] = await resolver.resolveTxt("edition.test").catch(() => [[""]]);
    return said === `${process.pid}-${edition}`;
  });
}

/** Waits for something to become true. What it looks at should not be asked more often than this. */
export async function until(what, isSo, pause = 200) {
  const end = Date.now() + PATIENCE;
  while (!(await isSo())) {
    assert.ok(Date.now() < end, `not within ${PATIENCE / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Runs one talk with a mail server by Python's own client (tests/it/mail_service/client.py), and gives the answer to each line. */
async function talk(lines) {
  const client = spawn("python3", ["-u", CLIENT], { stdio: ["pipe", "pipe", "inherit"] });
  client.stdin.end(lines.map(([verb, ...args]) => `${JSON.stringify({ verb, arguments: args })}\n`).join(""));
  const answers = [];
  for await (const line of createInterface({ input: client.stdout })) answers.push(JSON.parse(line));
  assert.equal(answers.length, lines.length, "the mail client died");
  return answers;
}

function mail(from, to, subject, text) {
  const id = `${process.pid}-${subject.replace(/\W+/g, "-")}@client.test`;
  return [`From: ${from}`, `To: ${to}`, `Subject: ${subject}`, `Date: ${new Date().toUTCString()}`, `Message-ID: <${id}>`, "", text, ""].join("\r\n");
}

/** Somebody elsewhere writes; it must be taken. */
export async function writeFromOutside(from, to, subject, text) {
  const [, sent] = await talk([
    ["smtp_open", "out", panel.mail.smtp],
    ["smtp_send", "out", from, [to], mail(from, to, subject, text)],
    ["close", "out"],
  ]);
  assert.equal(sent.step, "done", `${subject}: ${JSON.stringify(sent)}`);
}

/** The person of a mailbox writes with the password that they chose; it must be taken. */
export async function writeAs(from, password, to, subject, text) {
  const [, login, sent] = await talk([
    ["smtp_open", "own", panel.mail.submission, "starttls"],
    ["smtp_login", "own", from, password],
    ["smtp_send", "own", from, [to], mail(from, to, subject, text)],
    ["close", "own"],
  ]);
  assert.equal(login.code, 235, `${from} signs in: ${JSON.stringify(login)}`);
  assert.equal(sent.step, "done", `${subject}: ${JSON.stringify(sent)}`);
}
