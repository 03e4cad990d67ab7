import { describe, expect, test } from "vitest";
import { forSeeds, integer } from "../test/random";
import { addDays, clockTime, DAY, dayLength, dayName, dayOf, fileTime, HOUR, isoDay, lengthInWords, MINUTE, offsetAt, parseDay, parseRfc3339, rfc3339, SECOND, spokenTime, startOfDay } from "./zone";

const ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Asia/Beirut", "Pacific/Apia", "America/St_Johns"];
const us = (text: string) => parseRfc3339(text);

describe("instants", () => {
  test("are written with all microseconds and read back", () => {
    expect(rfc3339(1_795_270_232_480_001)).toBe("2026-11-21T14:10:32.480001Z");
    forSeeds(500, (random) => {
      const at = integer(random, 946_684_800_000_000, 4_000_000_000_000_000);
      expect(us(rfc3339(at))).toBe(at);
    });
  });

  test("with an offset or fewer decimals are the same instants", () => {
    expect(us("2026-11-21T15:10:32.48+01:00")).toBe(us("2026-11-21T14:10:32.480000Z"));
    expect(us("yesterday")).toBeNaN();
  });
});

describe("local days", () => {
  test.each([
    ["Europe/Berlin", "2026-03-29", 23],
    ["Europe/Berlin", "2026-10-25", 25],
    ["Europe/Berlin", "2026-11-21", 24],
    ["America/New_York", "2026-11-01", 25],
    ["Australia/Lord_Howe", "2026-10-04", 23.5],
    ["UTC", "2026-03-29", 24],
  ])("in %s %s has %d hours", (zone, text, hours) => {
    const day = parseDay(text);
    expect(day && dayLength(day, zone) / HOUR).toBe(hours);
  });

  test("begin at midnight, or right after it where the clocks skip midnight", () => {
    expect(rfc3339(startOfDay({ year: 2026, month: 11, day: 21 }, "Europe/Berlin"))).toBe("2026-11-20T23:00:00.000000Z");
    const skipped = startOfDay({ year: 2026, month: 3, day: 29 }, "Asia/Beirut");
    expect(clockTime(skipped, "Asia/Beirut")).toBe("01:00:00");
    expect(clockTime(skipped - SECOND, "Asia/Beirut")).toBe("23:59:59");
  });

  test("follow each other without a hole, in every zone", () => {
    for (const zone of ZONES) {
      let day = { year: 2026, month: 1, day: 1 };
      for (let i = 0; i < 366; i++) {
        const start = startOfDay(day, zone);
        expect(dayOf(start, zone)).toEqual(day);
        expect(isoDay(dayOf(start - 1, zone))).toBe(isoDay(addDays(day, -1)));
        day = addDays(day, 1);
      }
    }
  });
});

describe("times in words", () => {
  test("are local, also beside a clock change", () => {
    expect(clockTime(us("2026-11-21T12:50:32.480Z"), "Europe/Berlin", "millis")).toBe("13:50:32.480");
    expect(clockTime(us("2026-03-29T00:59:59Z"), "Europe/Berlin")).toBe("01:59:59");
    expect(clockTime(us("2026-03-29T01:00:00Z"), "Europe/Berlin")).toBe("03:00:00");
    expect(dayName(us("2026-11-20T23:30:00Z"), "Europe/Berlin")).toBe("Sat 21 Nov");
    expect(spokenTime(us("2026-11-21T12:50:32Z"), "Europe/Berlin")).toBe("Saturday 21 November 2026, 13:50:32");
    expect(fileTime(us("2026-11-21T12:50:32.480Z"), "Europe/Berlin")).toBe("20261121-135032-480");
  });

  test("agree with the zone table of the runtime everywhere", () => {
    forSeeds(300, (random) => {
      const zone = ZONES[integer(random, 0, ZONES.length - 1)] ?? "UTC";
      const at = integer(random, Date.UTC(2015, 0, 1), Date.UTC(2035, 0, 1)) * 1000;
      const theirs = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(at / 1000);
      expect(clockTime(at, zone)).toBe(theirs);
      expect(Math.abs(offsetAt(at, zone))).toBeLessThanOrEqual(15 * HOUR);
    });
  });

  test.each([
    [108 * SECOND, "1 min 48 s"],
    [30 * SECOND, "30 s"],
    [480_000, "0.48 s"],
    [2 * HOUR + 5 * MINUTE + 9 * SECOND, "2 h 5 min"],
    [2 * HOUR, "2 h"],
    [3 * DAY + HOUR, "3 d 1 h"],
    [59.7 * SECOND, "1 min"],
  ])("a length of %d µs is %s", (length, words) => expect(lengthInWords(length)).toBe(words));
});
