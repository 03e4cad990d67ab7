/**
 * A page of somebody else, open beside a signed-in client in the same browser: what it can make the browser do. It comes
 * from another port of the same host, so that the browser sends the cookie along (ports are one "site" to a browser),
 * and only the site's own checks are left. What other programs can send: `crates/e2e/tests/it/other_pages.rs`.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { goTo, signIn } from "../fixtures/app";
import { type TestBrowser, desktop, openBrowser, openPage } from "../fixtures/browser";
import { type Demo, startDemo } from "../fixtures/demo";
import { ask } from "../fixtures/site";

let demo: Demo;
let browser: TestBrowser;

beforeAll(async () => {
  demo = await startDemo();
  browser = await openBrowser(demo.certificatePem);
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

test("a page of another port changes nothing, reads nothing, opens no socket and frames nothing", async () => {
  const { page } = await openPage(browser.browser, desktop);
  await signIn(page, demo);
  const evil = await page.context().newPage();
  const origin = "https://127.0.0.1:9";
  // The page need not be anywhere: the browser is given it as if its server had answered.
  await evil.route(`${origin}/**`, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>other</title>" }));
  const statuses: [string, string, number][] = [];
  evil.on("response", (response) => {
    if (response.url().startsWith(demo.site.url)) statuses.push([response.request().method(), new URL(response.url()).pathname, response.status()]);
  });
  await evil.goto(`${origin}/`);
  const found = await evil.evaluate(async (site) => {
    const text = JSON.stringify({ name: "stolen" });
    const sent = { method: "POST", mode: "no-cors", credentials: "include", body: text } as const;
    await fetch(`${site}/v1/tokens`, sent).catch(() => undefined);
    await fetch(`${site}/v1/discovery`, { ...sent, body: "" }).catch(() => undefined);
    const preflight = await fetch(`${site}/v1/tokens`, { method: "POST", credentials: "include", headers: { "content-type": "application/json" }, body: text }).then(() => "answered", () => "refused");
    const read = await fetch(`${site}/v1/cameras`, { credentials: "include" }).then(() => "answered", () => "refused");
    const socket = await new Promise<string>((done) => {
      const live = new WebSocket(`${site.replace("https", "wss")}/v1/events`);
      live.onopen = () => done("open");
      live.onerror = () => done("refused");
    });
    const script = await new Promise<string>((done) => {
      const element = document.createElement("script");
      element.src = `${site}/v1/cameras`;
      element.onload = () => done("run");
      element.onerror = () => done("refused");
      document.head.append(element);
    });
    return { preflight, read, socket, script };
  }, demo.site.url);
  expect(found).toEqual({ preflight: "refused", read: "refused", socket: "refused", script: "refused" });

  // A form sends what it likes, and shows the answer in a page of its own: a refusal.
  const [answer] = await Promise.all([
    evil.waitForResponse(`${demo.site.url}/v1/tokens`),
    // Else the way there would be in the way of what follows.
    evil.waitForURL(`${demo.site.url}/v1/tokens`),
    evil.evaluate((site) => {
      const form = document.createElement("form");
      [form.method, form.action, form.enctype] = ["post", `${site}/v1/tokens`, "text/plain"];
      const field = document.createElement("input");
      [field.name, field.value] = ['{"name":"stolen","x":"', '"}'];
      form.append(field);
      document.body.append(form);
      form.submit();
    }, demo.site.url),
  ]);
  expect(answer.status()).toBe(403);
  // Not 401: the browser has sent the cookie along, and the site has refused it.
  const posts = statuses.filter(([method]) => method === "POST");
  expect(posts.length).toBeGreaterThan(0);
  expect(posts.filter(([, , status]) => status !== 403)).toEqual([]);

  // No frame shows the client, not even its sign-in.
  await evil.goto(`${origin}/`);
  await evil.evaluate((site) => {
    const frame = document.createElement("iframe");
    frame.src = `${site}/live`;
    document.body.append(frame);
    return new Promise((done) => frame.addEventListener("load", done));
  }, demo.site.url);
  const framed = evil.frames().find((frame) => frame !== evil.mainFrame());
  expect(framed?.url()).toContain("chrome-error:");

  expect((await ask<{ items: { name: string }[] }>(page, "/v1/tokens")).items.filter(({ name }) => name === "stolen")).toEqual([]);
  await page.context().close();
});

test("the client runs under its own policy: nothing in line, nothing from elsewhere, and no complaint", async () => {
  const { page, errors } = await openPage(browser.browser, desktop);
  await page.addInitScript(() => {
    const refused: string[] = [];
    Object.assign(globalThis, { refused });
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => refused.push(`${violatedDirective} ${blockedURI}`));
  });
  await signIn(page, demo);
  const policy = await page.evaluate(async () => (await fetch("/")).headers.get("content-security-policy"));
  expect(policy).not.toContain("unsafe");
  for (const path of ["/live", "/recordings", "/devices", "/settings/users", "/account"]) {
    await goTo(page, path);
    await page.getByRole("heading").first().waitFor();
  }
  // A menu and a dialog: the parts of the component library that make styles of their own.
  await page.getByRole("button", { name: demo.site.user }).click();
  await page.getByRole("menuitem").first().waitFor();
  await page.keyboard.press("Escape");
  expect(await page.evaluate(() => (globalThis as unknown as { refused: string[] }).refused)).toEqual([]);
  expect(errors()).toEqual([]);
  // What somebody gets into the page by a hole is not run, loaded or sent.
  const result = await page.evaluate(() => {
    const element = document.createElement("div");
    element.innerHTML = '<img src="https://evil.example/x" onerror="globalThis.hit = 1"><style>body { outline: 9px solid red }</style>';
    document.body.append(element);
    const script = document.createElement("script");
    script.textContent = "globalThis.hit = 1";
    document.body.append(script);
    return { hit: "hit" in globalThis, outline: getComputedStyle(document.body).outlineWidth };
  });
  expect(result.hit).toBe(false);
  expect(result.outline).not.toBe("9px");
  await page.context().close();
});
