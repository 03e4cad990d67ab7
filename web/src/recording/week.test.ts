import { expect, test } from "vitest";
import { dayText, parseDay } from "./week";

test.each([
  ["", []],
  ["all day", [[0, 1440]]],
  ["08:00–17:00", [[480, 1020]]],
  ["8-12, 13.30 - 24:00", [[480, 720], [810, 1440]]],
  ["00:00-06:00,22:00-24:00", [[0, 360], [1320, 1440]]],
])("“%s” is a day", (text, ranges) => {
  const read = parseDay(text);
  expect(read).toEqual({ ranges: ranges.map(([from_minute, to_minute]) => ({ from_minute, to_minute })) });
  expect(parseDay(dayText("ranges" in read ? read.ranges : []))).toEqual(read);
});

test.each(["22:00–06:00", "8", "8-9-10", "25:00-26:00", "08:61-09:00", "10-12, 11-13", "night", "08:00-08:00", `${"0-1,".repeat(30)}1-2`])("“%s” is none, and it is said why", (text) => {
  expect(parseDay(text)).toHaveProperty("wrong");
});
