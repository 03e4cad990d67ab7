import { expect, test } from "vitest";
import type { Organization, Site, SiteFolder } from "./api/types";
import { emailError, passwordError, tidyCode } from "./credentials";
import { folderPaths } from "./folders";
import { firstOf } from "./organizations";
import { dayName, monthName, shareOf, usedWords } from "./relay";
import { inLines } from "./screens/grant/lines";
import { lastContact, matching } from "./screens/sites/describe";

const GB = 1_000_000_000;

test.each([
  [0, GB, "0.00 of 1 GB", 0],
  [640_000_000, GB, "0.64 of 1 GB", 0.64],
  [999_999_999, GB, "0.99 of 1 GB", 0.999_999_999],
  [GB, GB, "1.00 of 1 GB", 1],
  [3 * GB, 2.5 * GB, "3.00 of 2.50 GB", 1],
  [400_000, 2_000_000, "400 kB of 2.0 MB", 0.2],
  [0, 0, "0 B of 0 B", 1],
  [5_300_000_000, null, "5.3 GB", 0],
])("%i bytes of %s are %s", (bytes, limit, words, share) => {
  expect(usedWords({ bytes, limit })).toBe(words);
  expect(shareOf({ bytes, limit })).toBeCloseTo(share, 6);
});

test("months and days of the bill are those of UTC wherever one reads them", () => {
  expect([monthName("2026-11-01"), dayName("2026-12-01"), dayName("2027-01-01")]).toEqual(["November", "1 December", "1 January"]);
});

test("folders stand under the one that they lie in, by name; one whose parent is not seen stands at the top", () => {
  const folder = (id: string, name: string, parent: string | null = null): SiteFolder => ({ id, name, parent, is_default: false });
  const placed = folderPaths([folder("d", "Yard", "b"), folder("a", "South"), folder("b", "North"), folder("c", "Harbour", "b"), folder("e", "Lost", "unseen")]);
  expect(placed.map(({ path, depth }) => `${depth} ${path}`)).toEqual(["0 Lost", "0 North", "1 North / Harbour", "1 North / Yard", "0 South"]);
});

test("one begins at the organization that was looked at last, as long as one belongs to it", () => {
  const all = [{ id: "a" }, { id: "b" }] as Organization[];
  expect(firstOf(all, "b")?.id).toBe("b");
  expect(firstOf(all, "gone")?.id).toBe("a");
  expect(firstOf([], "b")).toBeUndefined();
});

test("addresses and passwords are judged by what the cloud takes, not by their alphabet", () => {
  for (const right of ["a@b", "ärlig@exämple.org", " anna@example.org "]) expect(emailError(right)).toBeUndefined();
  for (const wrong of ["", "anna", "@b", "a@", "a b@c", "a@b@c"]) expect(emailError(wrong)).toBeTruthy();
  for (const right of ["£¤ÅÄÖ🗝ab", "        "]) expect(passwordError(right)).toBeUndefined();
  expect(passwordError("🗝🗝🗝🗝")).toBe("Use 8 characters or more.");
  expect(tidyCode(" k7px-2m9q ")).toBe("K7PX-2M9Q");
});

test("a certificate ID is four lines of four groups", () => {
  const groups = Array.from({ length: 16 }, (_, index) => index.toString(16).repeat(4).toUpperCase());
  expect(inLines(groups.join("-")).split("\n")).toEqual([0, 4, 8, 12].map((from) => groups.slice(from, from + 4).join("-")));
});

test("a site is found by parts of its name and folder, and says when it was last heard of", () => {
  const placed = folderPaths([{ id: "n", name: "North", parent: null, is_default: true }]);
  const site = { id: "s", name: "Harbour warehouse", folder: "n", last_contact: "2026-11-22T10:00:00Z" } as Site;
  for (const [filter, found] of [["", 1], ["ware NORTH", 1], ["ware south", 0]] as const) expect(matching([site], placed, filter)).toHaveLength(found);
  const now = Date.parse("2026-11-22T10:05:00Z");
  expect(lastContact(site, "UTC", now)).toBe("Last contact 5 min ago");
  expect(lastContact(site, "UTC", now + 2 * 86_400_000)).toBe("Last contact Sun 22 Nov 10:00:00");
  expect(lastContact({ ...site, last_contact: null }, "UTC", now)).toBe("Not heard of yet");
});
