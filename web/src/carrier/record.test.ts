import { describe, expect, test } from "vitest";
import { forSeeds, integer } from "../test/random";
import { BadRecord, frameBytes, HEADER, KEY, Kind, MAX_RECORD, parseInit, parseNotice, parseRecord, PRE_ROLL, RecordSplitter } from "./record";

const hex = (text: string) => Uint8Array.from(text.replaceAll(/\s/g, "").match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
const ascii = (text: string) => new TextEncoder().encode(text);
const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

/** The bytes of `a_header_is_read_back_as_written` in crates/api/src/record.rs, followed by `abcdef`. */
const VECTOR = join(hex("02 03 01 01 00000007 fffffffffffffffb 0000010000000000 00000e10 fffff1f0 00000003"), ascii("abcdef"));

const framed = (record: Uint8Array) => {
  const head = new Uint8Array(4);
  new DataView(head.buffer).setUint32(0, record.length);
  return join(head, record);
};

const refusal = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return error instanceof BadRecord ? error.reason : error;
  }
  return undefined;
};

describe("a media record", () => {
  test("is read as the Rust side writes it", () => {
    const record = parseRecord(VECTOR);
    expect(record).toMatchObject({ kind: Kind.Frame, flags: KEY | PRE_ROLL, track: 1, subscription: 7, wallUs: -5, time: 2 ** 40, duration: 3600, compositionOffset: -3600, dataOffset: 3 });
    expect(new TextDecoder().decode(record.payload)).toBe("abcdef");
    expect(new TextDecoder().decode(frameBytes(record))).toBe("def");
  });

  test("is refused for the same reasons as there", () => {
    expect(refusal(() => parseRecord(VECTOR.subarray(0, 38)))).toBe("offset");
    expect(refusal(() => parseRecord(VECTOR.subarray(0, 35)))).toBe("short");
    const kind = VECTOR.slice();
    kind[0] = 9;
    expect(refusal(() => parseRecord(kind))).toBe("unknown");
    const version = VECTOR.slice();
    version[3] = 2;
    expect(refusal(() => parseRecord(version))).toBe("unknown");
  });

  test("is read from the middle of a larger buffer", () => {
    const inside = join(ascii("xyz"), VECTOR).subarray(3);
    expect(parseRecord(inside).wallUs).toBe(-5);
  });

  test("keeps every microsecond of the present", () => {
    const bytes = VECTOR.slice();
    new DataView(bytes.buffer).setBigInt64(8, 1_795_000_000_123_457n);
    expect(parseRecord(bytes).wallUs).toBe(1_795_000_000_123_457);
  });

  test("of random bytes is a record or a BadRecord, nothing else", () => {
    forSeeds(3000, (random) => {
      const bytes = Uint8Array.from({ length: integer(random, 0, 80) }, () => integer(random, 0, 255));
      // Half of them look right at the start, so that the later checks are reached.
      if (random() < 0.5 && bytes.length > 4) bytes.set([integer(random, 1, 5), 0, integer(random, 0, 1), 1]);
      const why = refusal(() => {
        const record = parseRecord(bytes);
        expect(record.payload.length).toBe(bytes.length - HEADER);
        expect(frameBytes(record).length).toBe(record.payload.length - record.dataOffset);
      });
      expect([undefined, "short", "unknown", "offset"]).toContain(why);
      expect([undefined, "short", "unknown", "offset"]).toContain(refusal(() => parseInit(bytes)));
      expect(() => parseNotice(bytes)).not.toThrow();
    });
  });
});

describe("an init record", () => {
  const payload = (json: unknown, segment = "ftyp") => {
    const text = ascii(JSON.stringify(json));
    return join(framed(text), ascii(segment));
  };
  const good = { codec: "avc1.64001f", mse: 'video/mp4; codecs="avc1.64001f"', description: "AWQAHw==", timescale: 90000, width: 1920, height: 1080, sample_rate: 0, channels: 0, stream: "sub" };

  test("tells codec, size, stream and the segment behind it", () => {
    const init = parseInit(payload(good));
    expect(init).toMatchObject({ codec: "avc1.64001f", timescale: 90000, width: 1920, height: 1080, stream: "sub" });
    expect([...init.description]).toEqual([1, 0x64, 0, 0x1f]);
    expect(new TextDecoder().decode(init.segment)).toBe("ftyp");
  });

  test.each([
    ["a length beyond the payload", hex("000000ff 7b7d"), "offset"],
    ["no JSON", framed(ascii("{")), "unknown"],
    ["JSON that is no object", framed(ascii("null")), "unknown"],
    ["no codec", payload({ ...good, codec: "" }), "unknown"],
    ["a timescale of zero", payload({ ...good, timescale: 0 }), "unknown"],
    ["a description that is no base64", payload({ ...good, description: "@" }), "unknown"],
  ])("with %s is refused", (_, bytes, reason) => {
    expect(refusal(() => parseInit(bytes))).toBe(reason);
  });

  test("of an unknown notice is none", () => {
    expect(parseNotice(ascii('{"code":"no-frames","text":"later"}'))).toEqual({ code: "no-frames", text: "later" });
    expect(parseNotice(ascii('{"code":"invented","text":"x"}'))).toBeUndefined();
    expect(parseNotice(ascii("null"))).toBeUndefined();
  });
});

describe("a stream of records", () => {
  test("is cut at the same places whatever the chunks", () => {
    forSeeds(200, (random) => {
      const count = integer(random, 1, 12);
      const records = Array.from({ length: count }, (_, i) => {
        const bytes = join(VECTOR, new Uint8Array(integer(random, 0, 300)).fill(i));
        new DataView(bytes.buffer).setUint32(4, i);
        return bytes;
      });
      const stream = join(...records.map(framed));
      const splitter = new RecordSplitter();
      const got = [];
      for (let at = 0; at < stream.length; ) {
        const size = integer(random, 1, 97);
        got.push(...splitter.push(stream.slice(at, at + size)));
        at += size;
      }
      expect(got.map((record) => record.subscription)).toEqual(records.map((_, i) => i));
      expect(got.map((record) => record.payload.length)).toEqual(records.map((record) => record.length - HEADER));
      expect(splitter.pending).toBe(0);
    });
  });

  test("ends at a record that is too long or too short to be one", () => {
    const head = new Uint8Array(4);
    new DataView(head.buffer).setUint32(0, MAX_RECORD + 1);
    expect(refusal(() => new RecordSplitter().push(head))).toBe("long");
    expect(refusal(() => new RecordSplitter().push(hex("00000003 010203")))).toBe("short");
  });

  test("of random bytes ends in a BadRecord or waits for more", () => {
    forSeeds(1000, (random) => {
      const splitter = new RecordSplitter();
      const why = refusal(() => {
        for (let i = 0; i < 8; i++) splitter.push(Uint8Array.from({ length: integer(random, 0, 60) }, () => (random() < 0.6 ? 0 : integer(random, 0, 255))));
      });
      expect([undefined, "short", "unknown", "offset", "long"]).toContain(why);
    });
  });
});
