// The pages in a browser, by keyboard where people use one: node browser_test.mjs --build DIR --guests DIR
// --third-party DIR [--pictures DIR]
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { axe, launch, picture, startAgents, startChat } from "./harness.mjs";

const EVIL = "<script>document.title='taken'</script><img src=x onerror=document.title='taken'>";
const PHONE = { width: 390, height: 780 };
const WIDE = { width: 1100, height: 700 };

let browser, chat, agents;
before(async () => {
  [browser, chat, agents] = await Promise.all([launch(), startChat(), startAgents()]);
});
after(async () => {
  await browser?.close();
  assert.deepEqual(await Promise.all([chat?.stop(), agents?.stop()]), [0, 0]);
});

// A page of a reader who has never been there. What the browser complains of fails the test, save what is `allowed`.
async function open(t, url, { allowed = /^$/, ...context } = {}) {
  const reader = await browser.newContext({ viewport: WIDE, ...context });
  const page = await reader.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !allowed.test(message.text()))
      complaints.push(`${message.text()} ${message.location().url}`);
  });
  t.after(() => reader.close());
  page.settle = () => assert.deepEqual(complaints, []);
  await page.goto(url);
  return page;
}

async function hasNoBarriers(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const bad = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  assert.deepEqual(bad.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
}

// Resolves once `look` (in the page) is so. The page's policy lets none of playwright's own waits in.
async function until(page, look) {
  const end = Date.now() + 30_000;
  while (!(await page.evaluate(look))) {
    assert.ok(Date.now() < end, `never: ${look}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function saysStopped(page) {
  await until(page, () => document.getElementById("state").textContent === "Stopped.");
}

async function isFree() {
  for (;;) {
    const health = await (await fetch(`${chat.url}/health`)).json();
    if (health.in_use === 0) return;
  }
}

test("a prompt is answered as it is written, and stopped, by keyboard", async (t) => {
  const page = await open(t, chat.url);
  await until(page, () => document.getElementById("model").value === "smol" && document.activeElement.id === "prompt");
  await page.evaluate(() => {
    globalThis.lengths = new Set();
    new MutationObserver(() => globalThis.lengths.add(document.querySelector(".assistant > div:not(details *)")?.textContent.length))
      .observe(document.getElementById("messages"), { subtree: true, childList: true });
  });
  await page.keyboard.type("Tell me a very long story about a lake.");
  await page.keyboard.press("Enter");
  await until(page, () => globalThis.lengths.size > 4);
  assert.ok(await page.isVisible("#stop"));
  await page.keyboard.press("Escape");
  await saysStopped(page);
  await isFree();
  assert.ok(await page.isVisible("#send"));
  assert.equal(await page.evaluate(() => document.activeElement.id), "prompt");
  assert.match(await page.textContent(".assistant"), /Stopped\.$/);
  page.settle();
});

test("the button stops, too; settings are sent; chats are there again", async (t) => {
  const page = await open(t, chat.url);
  await page.fill("#system", "You answer in one short sentence.");
  await page.fill("#temperature", "0");
  await page.fill("#max_tokens", "30");
  await page.fill("#prompt", "What is the capital of Italy?");
  const [request] = await Promise.all([page.waitForRequest("**/v1/chat/completions"), page.keyboard.press("Enter")]);
  const sent = request.postDataJSON();
  assert.deepEqual([sent.temperature, sent.max_tokens, sent.messages[0].role, sent.stream], [0, 30, "system", true]);
  await until(page, () => /tokens read, .* written/.test(document.getElementById("state").textContent));
  assert.match(await page.textContent(".assistant"), /Rome/);
  await picture(page, "chat");
  await page.reload();
  assert.match(await page.textContent(".assistant"), /Rome/);
  assert.match(await page.textContent("#history"), /What is the capital of Italy\?/);
  assert.equal(await page.inputValue("#max_tokens"), "30");
  await page.fill("#max_tokens", "");
  await page.click("#new");
  await page.fill("#prompt", "Count to a thousand.");
  await page.click("#send");
  await until(page, () => document.querySelector(".assistant")?.textContent.length > 20);
  await page.click("#stop");
  await saysStopped(page);
  await page.click("text=What is the capital of Italy?");
  assert.match(await page.textContent(".assistant"), /Rome/);
  await page.click("[aria-label='Delete What is the capital of Italy?']");
  assert.doesNotMatch(await page.textContent("#history"), /Italy/);
  await page.uncheck("#stream");
  await page.fill("#max_tokens", "5");
  await page.fill("#prompt", "Hello!");
  await page.click("#send");
  await until(page, () => / [1-5] written/.test(document.getElementById("state").textContent));
  page.settle();
});

test("what a model writes stays text", async (t) => {
  const page = await open(t, chat.url);
  // the model, bound by a grammar, writes what would take the page over
  await page.route("**/v1/chat/completions", (route) => route.continue({
    postData: JSON.stringify({
      ...route.request().postDataJSON(), max_tokens: 200,
      response_format: { type: "json_schema", json_schema: { name: "evil", schema: { type: "string", enum: [EVIL] } } },
    }),
  }));
  await page.fill("#prompt", EVIL);
  await page.keyboard.press("Enter");
  await until(page, () => /written/.test(document.getElementById("state").textContent));
  assert.ok((await page.textContent(".assistant")).includes(EVIL));
  assert.ok((await page.textContent(".user")).includes(EVIL));
  assert.ok((await page.textContent("#history")).includes(EVIL.slice(0, 60)));
  assert.equal(await page.locator("#messages script, #messages img, #history img").count(), 0);
  assert.equal(await page.title(), "Chat · Godwit");
  await page.reload();
  assert.ok((await page.textContent(".assistant")).includes(EVIL));
  assert.equal(await page.title(), "Chat · Godwit");
  page.settle();
});

test("code is shown as code", async (t) => {
  const page = await open(t, chat.url);
  const text = "# Sum\nIt is **short**, in `C`:\n```c\nint a = 1;\n\n<b>not bold</b>\n```\n- one\n- two\n\n~~~\nopen";
  const pieces = [...text].map((piece) => ({ choices: [{ delta: { content: piece }, finish_reason: null }] }));
  pieces.push({ choices: [{ delta: {}, finish_reason: "stop" }] });
  await page.route("**/v1/chat/completions", (route) => route.fulfill({
    contentType: "text/event-stream",
    body: pieces.map((piece) => `data: ${JSON.stringify(piece)}\n\n`).join("") + "data: [DONE]\n\n",
  }));
  await page.fill("#prompt", "x");
  await page.keyboard.press("Enter");
  await until(page, () => document.querySelectorAll(".assistant pre").length === 2 && !document.querySelector("[aria-busy]"));
  assert.deepEqual(await page.locator(".assistant pre").allTextContents(), ["int a = 1;\n\n<b>not bold</b>", "open"]);
  assert.deepEqual(await page.locator(".assistant li").allTextContents(), ["one", "two"]);
  assert.equal(await page.textContent(".assistant strong"), "short");
  assert.equal(await page.textContent(".assistant h3"), "Sum");
  await hasNoBarriers(page);
  page.settle();
});

test("errors are told", async (t) => {
  const page = await open(t, chat.url, { allowed: /status of (401|429|400)/ });
  let status = 429;
  await page.route("**/v1/chat/completions", (route) => route.fulfill({
    status, headers: { "Retry-After": "7" }, json: { error: { message: "the server is busy" } },
  }));
  await page.fill("#prompt", "x");
  await page.keyboard.press("Enter");
  await until(page, () => document.getElementById("problem").textContent === "the server is busy (in 7 s)");
  assert.equal(await page.inputValue("#prompt"), "x");
  status = 401;
  await page.click("#send");
  await until(page, () => /API key/.test(document.getElementById("problem").textContent));
  page.settle();
});

test("the browser runs nothing that the server has not given", async (t) => {
  const page = await open(t, chat.url, { allowed: /Content Security Policy|TrustedHTML|Refused|violates/ });
  const outcome = await page.evaluate(() => {
    const inline = document.createElement("script");
    let why = [];
    try { inline.textContent = "document.title = 'taken'"; } catch { why.push("text"); }
    try { document.body.innerHTML = "<p>x</p>"; } catch { why.push("html"); }
    document.body.append(inline);
    return why;
  });
  assert.deepEqual(outcome, ["text", "html"]);
  assert.equal(await page.title(), "Chat · Godwit");
});

test("the chat has no barriers, light and dark, wide and on a phone", async (t) => {
  for (const colorScheme of ["light", "dark"]) {
    for (const viewport of [WIDE, PHONE]) {
      const page = await open(t, chat.url, { colorScheme, viewport });
      await until(page, () => document.getElementById("model").value === "smol");
      await hasNoBarriers(page);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing lies beside the screen");
      if (viewport !== PHONE) continue;
      assert.ok(await page.isHidden("#system"));
      await page.focus("#menu");
      await page.keyboard.press("Enter");
      assert.ok(await page.isVisible("#system"));
      await hasNoBarriers(page);
      page.settle();
    }
  }
});

async function signIn(t, more) {
  const page = await open(t, agents.admin, more);
  await until(page, () => document.activeElement.id === "token");
  await page.keyboard.type(agents.token);
  await page.keyboard.press("Enter");
  await until(page, () => document.activeElement.textContent === "mail");
  return page;
}

test("agents are shown, deployed and stopped, by keyboard", async (t) => {
  const page = await open(t, agents.admin, { allowed: /status of (401|422)/ });
  await until(page, () => document.activeElement.id === "token");
  await page.keyboard.type("wrong");
  await page.keyboard.press("Enter");
  await until(page, () => /admin\.token/.test(document.getElementById("problem").textContent));
  await page.keyboard.type(agents.token);
  await page.keyboard.press("Enter");
  await until(page, () => document.activeElement.textContent === "mail");
  await agents.ask("/mail/log", "a line of the log");
  await agents.ask("/mail/trap");
  await page.keyboard.press("Enter");
  await until(page, () => document.getElementById("log").textContent.includes("a line of the log"));
  await until(page, () => /POST \/mail\/trap/.test(document.getElementById("runs").textContent));
  assert.match(await page.textContent("#runs"), /trap \(500\)/);
  assert.equal(await page.evaluate(() => document.activeElement.id), "agent-name");
  // stop and start
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Stop");
  await page.keyboard.press("Enter");
  await until(page, () => document.getElementById("toggle").textContent === "Start");
  assert.equal((await agents.ask("/mail/echo")).status, 503);
  await page.keyboard.press("Enter");
  await until(page, () => document.getElementById("toggle").textContent === "Stop");
  assert.equal((await agents.ask("/mail/echo")).status, 200);
  // kill what runs
  const running = agents.ask("/mail/loop");
  await until(page, () => /1/.test(document.querySelector(".chosen")?.children[2].textContent));
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await until(page, () => document.getElementById("confirm").open);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal(await (await running).text(), "the agent failed\n");
  await until(page, () => /was ended/.test(document.getElementById("done").textContent));
  assert.equal(await page.evaluate(() => document.activeElement.id), "kill");
  await page.focus("#toggle");
  await page.keyboard.press("Enter");
  await until(page, () => document.getElementById("toggle").textContent === "Stop");
  // deploy: first what is no module
  const other = path.join(agents.directory, "other.wat");
  writeFileSync(other, "(module (func (export \"on_http\")) (memory (export \"memory\") 3) (start 7))");
  await page.setInputFiles("#module", other);
  await page.focus("#deploy button");
  await page.keyboard.press("Enter");
  await until(page, () => document.getElementById("problem").textContent !== "");
  assert.equal(await (await agents.ask("/mail/echo", "still")).text(), "http|POST|/mail/echo||still");
  writeFileSync(other, "(module (func (export \"on_http\")) (memory (export \"memory\") 3))");
  await page.setInputFiles("#module", other);
  await page.keyboard.press("Enter");
  await until(page, () => /“other.wat” is deployed/.test(document.getElementById("done").textContent));
  assert.equal(await (await agents.ask("/mail/echo")).text(), "");
  await until(page, () => /Memory of a run192 KiB/.test(document.getElementById("figures").textContent));
  page.settle();
});

test("what agents write stays text", async (t) => {
  const page = await signIn(t, {});
  await agents.ask("/tickets/log", EVIL);
  await page.click("text=tickets");
  await until(page, () => document.getElementById("log").textContent.includes("<script>"));
  // a name that no manifest may have
  await page.route("**/v1/agents", async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    body.agents[0].name = EVIL;
    body.agents[0].routes = [EVIL];
    await route.fulfill({ response: answer, json: body });
  });
  await page.route(/\/v1\/agents\/%3C/, (route) => route.fulfill(
    route.request().url().includes("logs") ? { body: "", headers: { "X-Next": "1" } } : { json: { runs: [] } }));
  await page.click("#rows button:has-text('script')");
  await until(page, () => document.getElementById("agent-name").textContent.includes("<script>"));
  await page.click("#kill");
  assert.ok((await page.textContent("#confirm-text")).includes(EVIL));
  assert.equal(await page.locator("main script, main img").count(), 0);
  assert.equal(await page.title(), "Agents · Godwit");
  page.settle();
});

test("the dashboard has no barriers, light and dark, wide and on a phone", async (t) => {
  for (let i = 0; i < 20; i++) await agents.ask("/tickets/echo", "x");
  await agents.ask("/tickets/log", "ticket 4711 was answered");
  for (const colorScheme of ["light", "dark"]) {
    for (const viewport of [WIDE, PHONE]) {
      const page = await open(t, agents.admin, { colorScheme, viewport });
      await until(page, () => document.activeElement.id === "token");
      await hasNoBarriers(page);
      await page.keyboard.type(agents.token);
      await page.keyboard.press("Enter");
      await until(page, () => document.activeElement.textContent === "mail");
      await page.click("text=tickets");
      await until(page, () => document.getElementById("log").textContent.includes("4711"));
      await hasNoBarriers(page);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing lies beside the screen");
      if (viewport === WIDE) await picture(page, `dashboard-${colorScheme}`);
      page.settle();
    }
  }
});

test("the token is forgotten", async (t) => {
  const page = await signIn(t, {});
  await page.reload();
  await until(page, () => document.querySelectorAll("#rows tr").length === 2);
  await page.click("#leave");
  await page.reload();
  await until(page, () => document.activeElement.id === "token");
  assert.equal(await page.locator("#rows tr").count(), 0);
  page.settle();
});
