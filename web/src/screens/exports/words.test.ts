import { expect, test } from "vitest";
import type { Export } from "../../api/types";
import { fileUrl, isOver, share, stateInWords, whose } from "./words";

const camera = (name: string) => ({ id: name, name, stream: "main" as const, audio: true });
const some = (over: Partial<Export>): Export => ({
  id: "1", user: "2", by: "Ines", made: "2026-11-21T14:00:00Z", cameras: [camera("Gate north")], from: "2026-11-21T13:00:00Z", to: "2026-11-21T13:01:00Z",
  format: "mp4", gaps: "keep", state: "running", done_bytes: 0, total_bytes: 100, left_s: null, ended: null, expires: null, problem: null, files: [], ...over,
});

test("it is called by its first camera", () => {
  expect(whose(some({}))).toBe("Gate north");
  expect(whose(some({ cameras: ["Gate north", "Yard", "Hall"].map(camera) }))).toBe("Gate north and 2 more");
});

test.each([
  [{ state: "queued" }, undefined, "Waits for other exports"],
  [{ total_bytes: 0 }, undefined, "Writing"],
  [{ done_bytes: 50, left_s: 6.2 }, 0.25, "Writing, about 6 s"],
  [{ state: "checking", done_bytes: 50 }, 0.75, "Checking against the hash chain"],
  [{ state: "done", done_bytes: 100 }, 0.5, "Done, checked"],
] as [Partial<Export>, number | undefined, string][])("%o is %s: %s", (over, far, words) => {
  expect(share(some(over))).toBe(far);
  expect(stateInWords(some(over))).toBe(words);
});

test("it is over when nothing more happens to it", () => {
  const states = ["queued", "running", "checking", "done", "failed", "cancelled"] as const;
  expect(states.filter((state) => isOver({ state }))).toEqual(["done", "failed", "cancelled"]);
});

test("a file's name is one part of its address", () => expect(fileUrl("7", { name: "1.mp4.evidence.jsonl" })).toBe("/v1/exports/7/files/1.mp4.evidence.jsonl"));
