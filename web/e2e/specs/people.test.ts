/**
 * Who may do what, as people meet it: an operator is made with the users screen and sees two of four cameras, hears
 * none, and finds nothing older than an hour, in the client and by the API; rights that go while one watches; the own
 * account; the audit log. One site for all of it, with footage of an hour ago.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectNoAxeFindings, goTo, signIn, smallTargets } from "../fixtures/app";
import { type TestBrowser, type WatchedPage, openBrowser, openPage, phone } from "../fixtures/browser";
import { type Demo, binary, startDemo } from "../fixtures/demo";
import { shown, until } from "../fixtures/picture";
import { ask } from "../fixtures/site";
import { totp } from "../fixtures/totp";

const PASSWORD = "pier, gate and yard";
/** The footage of the past begins so long ago and lasts so long: the limit of an hour lies in its middle. */
const PAST = { beganMin: 64, seconds: 480 };
const HOUR_MS = 3_600_000;

interface Timeline {
  lanes: { spans: { from: string; bytes: number }[] }[];
}

let demo: Demo;
let browser: TestBrowser;
let admin: WatchedPage;
let olga: WatchedPage;
/** Names and identifiers of the four cameras; the second has only the footage of the past. */
let cameras: { id: string; name: string }[];

/** What it is answered; a body is not left unread, for it would hold up the page's other answers. */
const status = (page: Page, path: string, method = "GET") => page.evaluate(async ([to, how]) => {
  const answer = await fetch(to, { method: how });
  await answer.body?.cancel();
  return answer.status;
}, [path, method] as const);
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

beforeAll(async () => {
  demo = await startDemo("--empty");
  browser = await openBrowser(demo.certificatePem);
  const { page } = await openPage(browser.browser);
  await signIn(page, demo, "/devices");
  cameras = await Promise.all(
    demo.cameras.slice(0, 4).map(async (camera, at) => {
      const source = { kind: "axis", address: camera.http };
      const { id, name } = await ask<{ id: string; name: string }>(page, "/v1/cameras", "POST", { source, name: camera.name, user: camera.user, password: camera.password, record: at !== 1 });
      return { id, name };
    }),
  );
  const [first, second] = cameras;
  const timeline = () => ask<Timeline>(page, `/v1/timeline?cameras=${first?.id}&from=${ago(5)}&to=${ago(0)}`);
  await until(timeline, ({ lanes }) => (lanes[0]?.spans[0]?.bytes ?? 0) > 800_000, "some seconds are recorded", 60_000);
  await page.context().close();
  demo = await demo.restart((data) => {
    execFileSync(join(dirname(binary()), "martello-past"), [data, first?.id ?? "", second?.id ?? "", String(PAST.beganMin), String(PAST.seconds)]);
  });
  admin = await openPage(browser.browser);
  await signIn(admin.page, demo, "/settings/users");
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

const cell = (page: Page, privilege: string, row: string) => page.getByRole("checkbox", { name: `${privilege}, ${row}`, exact: true });
const [one, two] = [() => cameras[0]?.name ?? "", () => cameras[1]?.name ?? ""];

describe("an operator who sees two of four cameras, hears none, and finds nothing older than an hour", () => {
  test("is made with the users screen, and saving says what changes", async () => {
    const { page } = admin;
    await page.getByRole("button", { name: "Add a user" }).first().click();
    await page.getByLabel("Name", { exact: true }).fill("Olga");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("dialog").getByText("Operator").click();
    await page.getByRole("button", { name: "Add the user" }).click();
    await page.getByRole("heading", { name: "Olga" }).waitFor();
    await cell(page, "Video", one()).click();
    // The same by keys: arrows go from cell to cell, Space sets one, and Ctrl Z takes a step back.
    await cell(page, "Listen", one()).focus();
    await page.keyboard.press("Space");
    expect(await cell(page, "Listen", one()).getAttribute("aria-checked")).toBe("true");
    await page.keyboard.press("Control+z");
    expect(await cell(page, "Listen", one()).getAttribute("aria-checked")).toBe("false");
    await cell(page, "Video", two()).focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Space");
    await page.getByText("Export recordings").click();
    await page.getByText("Prevent access to recordings older than").click();
    await page.getByRole("button", { name: "Save…" }).click();
    const dialog = page.getByRole("dialog", { name: "Save the rights of Olga?" });
    expect(await dialog.getByRole("listitem").allTextContents()).toEqual(["Sets Recordings: none older than 60 min", `Gives Video on ${one()}`, `Gives Video on ${two()}`, "Gives Export recordings"]);
    await dialog.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("The rights of Olga were saved.").waitFor();
    expect(admin.errors()).toEqual([]);
  });

  test("has in every cell of the grid what the site says, and the site says why", async () => {
    const { page } = admin;
    const { items } = await ask<{ items: { id: string; name: string }[] }>(page, "/v1/users");
    const user = items.find(({ name }) => name === "Olga")?.id;
    const rights = await ask<{ cameras: { name: string; verdicts: { privilege: string; allowed: boolean; why: string[] }[] }[] }>(page, `/v1/users/${user}/rights`);
    const names: Record<string, string> = { "camera-access": "Access", "camera-video": "Video", "camera-listen": "Listen", "camera-speak": "Speak", "camera-record": "Record by hand", "camera-ptz": "Steer (PTZ)" };
    for (const camera of rights.cameras) {
      for (const { privilege, allowed } of camera.verdicts.filter((verdict) => verdict.privilege in names)) {
        expect(await cell(page, names[privilege] ?? "", camera.name).getAttribute("data-held"), `${privilege} on ${camera.name}`).toBe(String(allowed));
      }
    }
    await page.getByRole("link", { name: "What this person may do, and why" }).click();
    await page.getByRole("button", { name: new RegExp(`^${one()}.*recordings of the last 60 min`) }).click();
    await page.getByRole("table", { name: `Why: ${one()}` }).getByText(/granted to the user/).first().waitFor();
  });

  test("sees those two live and by the API, and no other", async () => {
    olga = await openPage(browser.browser, undefined, [/status of 40[34]/]);
    await signIn(olga.page, { ...demo, site: { ...demo.site, user: "Olga", password: PASSWORD } }, "/live");
    const { page } = olga;
    await page.locator("[data-tile]").nth(1).waitFor();
    expect((await page.locator("[data-tile]").evaluateAll((tiles) => tiles.map((tile) => tile.getAttribute("data-tile")))).toSorted()).toEqual([cameras[0]?.id, cameras[1]?.id].toSorted());
    await page.waitForFunction(() => document.querySelectorAll('[data-tile][data-state="playing"]').length === 2);
    expect((await ask<{ items: unknown[] }>(page, "/v1/cameras")).items).toHaveLength(2);
    for (const { id } of cameras.slice(2)) expect(await status(page, `/v1/cameras/${id}`)).toBe(404);
    const rooms = page.getByRole("navigation", { name: "Rooms" }).first();
    expect(await rooms.getByRole("link", { name: /Devices|Settings|Alarms/ }).count()).toBe(0);
    expect(await status(page, "/v1/users")).toBe(403);
  });

  test("hears none of them", async () => {
    const { page } = olga;
    await page.locator("[data-tile]").first().hover();
    expect(await page.getByRole("button", { name: "Sound" }).count()).toBe(0);
    const { items } = await ask<{ items: { privileges: string[] }[] }>(page, "/v1/cameras");
    expect(items.flatMap(({ privileges }) => privileges)).not.toContain("camera-listen");
  });

  test("finds nothing older than an hour by the timeline, in lists, and in clips", async () => {
    const id = cameras[1]?.id ?? "";
    const whole = `from=${ago(PAST.beganMin + 5)}&to=${ago(50)}`;
    const first = async (page: Page) => Date.parse((await ask<Timeline>(page, `/v1/timeline?cameras=${id}&${whole}`)).lanes[0]?.spans[0]?.from ?? "");
    const limit = Date.now() - HOUR_MS;
    expect(await first(admin.page)).toBeLessThan(limit - 60_000);
    expect(await first(olga.page)).toBeGreaterThanOrEqual(limit);
    const old = `from=${ago(63)}&to=${ago(62)}`;
    for (const [page, answer] of [[admin.page, 200], [olga.page, 404]] as const) expect(await status(page, `/v1/cameras/${id}/clip?${old}`)).toBe(answer);
    const size = (page: Page) => page.evaluate(async (to) => (await (await fetch(to)).arrayBuffer()).byteLength, `/v1/cameras/${id}/clip?${whole}`);
    const [all, some] = [await size(admin.page), await size(olga.page)];
    expect(some).toBeGreaterThan(0);
    expect(some).toBeLessThan(all * 0.8);

    // The client of both, at a moment that is too old for one of them.
    const at = ago(62);
    for (const [{ page }, found] of [[admin, true], [olga, false]] as const) {
      await goTo(page, `/recordings?at=${at}&cams=${id}`);
      if (found) await until(() => shown(page), ([tile]) => tile?.number !== undefined, "the old picture");
      else await page.getByText(/^Nothing recorded here. It goes on at/).waitFor();
    }
    expect(olga.errors()).toEqual([]);
  });
});

describe("rights that are taken away while one watches", () => {
  test("end the picture at once, and it is said why", async () => {
    const { page } = olga;
    await goTo(page, "/live");
    await page.waitForFunction(() => document.querySelectorAll('[data-tile][data-state="playing"]').length === 2);
    const { items } = await ask<{ items: { id: string; name: string }[] }>(admin.page, "/v1/users");
    const id = items.find(({ name }) => name === "Olga")?.id ?? "";
    await ask(admin.page, `/v1/users/${id}`, "PATCH", { grants: [{ privilege: "camera-video", camera: cameras[0]?.id }] });
    await page.locator('[aria-live="assertive"]').getByText(`You may no longer see ${two()}. You no longer have: export recordings.`).waitFor();
    expect(await page.locator("[data-tile]").count()).toBe(1);
    await page.getByRole("button", { name: "Dismiss" }).click();

    // The whole sign-in: back to the door, with a word about it.
    await goTo(admin.page, `/settings/users/${id}/sign-in`);
    await admin.page.getByRole("button", { name: "Disable", exact: true }).click();
    await admin.page.getByRole("alertdialog").getByRole("button", { name: "Disable Olga" }).click();
    await page.getByText("Your sign-in has ended").waitFor({ timeout: 45_000 });
    await admin.page.getByText("Disabled").first().waitFor();
  });
});

describe("your account", () => {
  test("takes a second factor by its QR code's key, and gives it up for a recovery code", async () => {
    const { page } = admin;
    await goTo(page, "/account");
    await page.getByRole("button", { name: "Set up" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("img", { name: /QR code/ }).waitFor();
    expect(await dialog.getByRole("img", { name: /QR code/ }).evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth > 0))).toBe(true);
    const key = ((await dialog.locator("code").textContent()) ?? "").replaceAll(" ", "");
    await dialog.getByLabel("Code that the app shows now").fill(totp(key));
    await dialog.getByRole("button", { name: "Switch on" }).click();
    const list = page.getByRole("list", { name: "Recovery codes" });
    await list.waitFor();
    const codes = await list.getByRole("listitem").allTextContents();
    await page.getByRole("button", { name: "I have kept them" }).click();
    await page.getByText("A code is asked for at every sign-in").waitFor();
    await page.getByRole("button", { name: "Switch off" }).click();
    await page.getByRole("dialog").getByLabel("Code").fill(codes[0] ?? "");
    await page.getByRole("button", { name: "Switch it off" }).click();
    await page.getByText("Not set up").waitFor();
  });

  test("makes a token that may do what it is for, until it is ended", async () => {
    const { page } = admin;
    await page.getByRole("button", { name: "Make a token" }).click();
    await page.getByLabel("What it is for").fill("browser test");
    await page.getByRole("dialog").getByText("Only some of it").click();
    await page.getByRole("dialog").getByText(/^Video/).first().click();
    await page.getByRole("button", { name: "Make it" }).click();
    const value = (await page.getByRole("dialog").locator("code").textContent()) ?? "";
    const asToken = (path: string) => page.evaluate(async ([to, token]) => (await fetch(to, { credentials: "omit", headers: { authorization: `Bearer ${token}` } })).status, [path, value] as const);
    expect([await asToken("/v1/cameras"), await asToken("/v1/users"), await asToken("/v1/tokens")]).toEqual([200, 403, 403]);
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByRole("button", { name: "End the token browser test" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "End the token" }).click();
    await page.getByRole("button", { name: "End the token browser test" }).waitFor({ state: "detached" });
    expect(await asToken("/v1/cameras")).toBe(401);
  });
});

describe("the audit log", () => {
  test("finds what somebody watched, and is taken out as it is shown", async () => {
    const { page } = admin;
    await goTo(page, "/settings/audit");
    await page.getByText(/^Whole: \d+ rows/).waitFor();
    await page.getByLabel("Person").fill("olga");
    await page.getByLabel("Action").fill("live");
    const rows = page.getByRole("grid", { name: "Audit log" }).getByRole("row");
    const onlyHers = ([, ...texts]: string[]) => texts.length > 0 && texts.every((row) => row.includes("Olga") && row.includes("Watched live"));
    await until(() => rows.allTextContents(), onlyHers, "only what Olga watched");
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export as CSV" }).click()]);
    const lines = readFileSync(await download.path(), "utf8").trim().split("\r\n");
    expect(lines[0]).toMatch(/^number,at,user,name/);
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.slice(1).every((line) => line.includes("Olga") && line.includes(",live,"))).toBe(true);
  });

  test("says loudly that somebody has changed it", async () => {
    const { page } = admin;
    execFileSync("python3", ["-c", "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], timeout=20); db.execute(\"UPDATE audit SET name = 'nobody' WHERE number = 2\"); db.commit()", join(demo.data, "catalog.sqlite")]);
    await page.getByRole("button", { name: "Check again" }).click();
    await page.getByRole("alert").getByText("Somebody has changed the audit log").waitFor();
  });
});

test("the pages of a user and of a group are clean for axe, and for fingers on a phone", async () => {
  const { page: small, errors } = await openPage(browser.browser, phone);
  await signIn(small, demo, "/settings/users");
  const { items } = await ask<{ items: { id: string; name: string }[] }>(small, "/v1/users");
  const user = `/settings/users/${items.find(({ name }) => name === "Olga")?.id}`;
  const group = await ask<{ id: string }>(small, "/v1/groups", "POST", { name: "Night shift", role: "operator" });
  for (const [path, heading] of [[user, "Olga"], [`${user}/why`, "Olga"], [`${user}/sign-in`, "Olga"], [`/settings/groups/${group.id}`, "Night shift"]] as const) {
    for (const page of [admin.page, small]) {
      // Loaded anew: neither page knows of a group that was just made by the API.
      await page.goto(demo.site.url + path);
      await page.getByRole("heading", { name: heading }).waitFor();
      await page.waitForFunction(() => !document.querySelector('[role="status"] .sr-only'));
      await expectNoAxeFindings(page, path);
    }
    expect(await small.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    expect(await smallTargets(small)).toEqual([]);
  }
  expect(errors()).toEqual([]);
  await small.context().close();
});
