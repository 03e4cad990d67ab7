import { expect, test } from "vitest";
import { clipUrl, nameIn } from "./clip";

test("a clip is asked for by exact times", () => {
  expect(clipUrl({ camera: "c1", fromUs: 1_795_270_232_480_001, toUs: 1_795_270_340_480_001, audio: true })).toBe(
    "/v1/cameras/c1/clip?from=2026-11-21T14%3A10%3A32.480001Z&to=2026-11-21T14%3A12%3A20.480001Z&audio=true",
  );
});

test.each([
  ['attachment; filename="Dock-3.mp4"', "Dock-3.mp4"],
  ["attachment; filename=\"x.mp4\"; filename*=UTF-8''H%C3%A4fen.mp4", "Häfen.mp4"],
  ["attachment; filename*=UTF-8''%E0%A4%A", undefined],
  ["attachment", undefined],
  [null, undefined],
])("the name in %s is %s", (header, name) => expect(nameIn(header)).toBe(name));
