import { describe, expect, test } from "vitest";
import { bitrate, bytes, clock, clockMs, codecName, count, day, duration, isoDay, moment, zoneName } from "./format";

const at = Date.parse("2026-11-21T13:07:21.480Z");

describe("a moment is told in the site's zone", () => {
  test.each([
    ["clock in Stockholm", clock(at, "Europe/Stockholm"), "14:07:21"],
    ["clock in Kolkata", clock(at, "Asia/Kolkata"), "18:37:21"],
    ["midnight is 00", clock("2026-11-20T23:00:00Z", "Europe/Stockholm"), "00:00:00"],
    ["with milliseconds", clockMs(at, "UTC"), "13:07:21.480"],
    ["before 1970", clockMs(-1, "UTC"), "23:59:59.999"],
    ["day", day(at, "Europe/Stockholm", at), "Sat 21 Nov"],
    ["September in three letters", day("2026-09-20T12:00:00Z", "UTC", at), "Sun 20 Sep"],
    ["day of another year", day("2024-02-29T12:00:00Z", "UTC", at), "Thu 29 Feb 2024"],
    ["the day after in Auckland", isoDay(at, "Pacific/Auckland"), "2026-11-22"],
    ["today without its day", moment(at, "UTC", at + 1000), "13:07:21"],
    ["yesterday with its day", moment("2026-11-20T23:59:59Z", "UTC", at), "Fri 20 Nov 23:59:59"],
    ["zone in winter", zoneName(at, "Europe/Stockholm"), "CET"],
    ["zone in summer", zoneName("2026-07-01T00:00:00Z", "Europe/London"), "BST"],
    ["zone of America", zoneName(at, "America/New_York"), "EST"],
    ["zone without letters", zoneName(at, "Asia/Kolkata"), "GMT+5:30"],
  ])("%s", (_, got, wanted) => expect(got).toBe(wanted));
});

describe("amounts have units", () => {
  test.each([
    [duration(0), "0 s"], [duration(-5), "0 s"], [duration(59_400), "59 s"], [duration(60_000), "1 min"], [duration(108_000), "1 min 48 s"], [duration(7_500_000), "2 h 5 min"],
    [duration(86_400_000), "1 day"], [duration(86_400_000 * 3.9), "3 days"], [bytes(0), "0 B"], [bytes(999), "999 B"], [bytes(1000), "1.0 kB"], [bytes(412_600_000_000), "413 GB"],
    [bytes(1_930_000_000_000), "1.9 TB"], [bitrate(480_000), "480 kbit/s"], [bitrate(3_080_000), "3.1 Mbit/s"], [codecName("avc1.64001f"), "H.264"],
    [codecName("hvc1.1.6.L120.90"), "H.265"], [codecName("mp4a.40.2"), "AAC"], [codecName("ulaw"), "G.711"], [codecName("x1.2"), "x1.2"], [count(1, "device"), "1 device"], [count(0, "device"), "0 devices"],
  ])("%s", (got, wanted) => expect(got).toBe(wanted));
});
