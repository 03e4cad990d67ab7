import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fireEvent, render } from "@testing-library/react";
import { afterEach, describe, expect, test, vi } from "vitest";
import { chooseKey, keyFor, keysOf, resetKeys, takenBy } from "./chosen";
import { keysPage } from "./reference";
import { useKeys } from "./useKeys";

afterEach(resetKeys);

function Screen({ mute, live }: { mute: () => void; live: () => void }) {
  useKeys({ "live.mute": mute, "go.live": live });
  return null;
}

test("a chosen key does it, the old one no more, until all are as they were", () => {
  const [mute, live] = [vi.fn(), vi.fn()];
  render(<Screen mute={mute} live={live} />);
  chooseKey("live.mute", "u");
  chooseKey("go.live", keyFor("go.live", "v"));
  for (const key of ["m", "u", "g", "v"]) fireEvent.keyDown(document.body, { key });
  expect([mute.mock.calls.length, live.mock.calls.length]).toEqual([1, 1]);
  resetKeys();
  fireEvent.keyDown(document.body, { key: "m" });
  expect(mute).toHaveBeenCalledTimes(2);
});

describe("a key is taken", () => {
  test.each([
    ["by another of the same screen", "live.mute", "s", "live.snapshot"], ["by one that counts everywhere", "live.mute", "/", "filter"],
    ["by one that begins with it", "live.mute", "g", "go.live"], ["by what follows the same first key", "go.live", "g r", "go.recordings"],
  ] as const)("%s", (_, id, key, by) => expect(takenBy(id, key)).toBe(by));
  test("not by one of a screen that is not shown with it", () => expect(takenBy("live.mute", "e")).toBeUndefined());
  test("not by itself", () => expect(takenBy("live.mute", "m")).toBeUndefined());
});

test("what is stored and is no key of the table is left aside", async () => {
  localStorage.setItem("martello.keys", JSON.stringify({ "live.mute": 7, "go.nowhere": "x", "live.fill": "z" }));
  vi.resetModules();
  const anew = await import("./chosen");
  expect([anew.keysOf("live.mute"), anew.keysOf("live.fill")]).toEqual([["m"], ["z"]]);
  anew.resetKeys();
  expect(keysOf("live.fill")).toEqual(["f"]);
});

test("docs/reference/keys.md is the table", () => {
  const file = join(import.meta.dirname, "../../../docs/reference/keys.md");
  if (process.env["UPDATE_EXPECT"] === "1") writeFileSync(file, keysPage());
  expect(existsSync(file) ? readFileSync(file, "utf8") : "").toBe(keysPage());
});
