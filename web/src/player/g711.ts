/**
 * G.711 to samples (ITU-T G.711, tables 1 and 2): 8-bit µ-law or A-law to floats of -1…1. Pure.
 *
 * What is not here: scheduling (`audio.ts`) and resampling (`resample.ts`).
 */

const BIAS = 0x84;

function ulaw(code: number): number {
  const bits = ~code & 0xff;
  const exponent = (bits >> 4) & 7;
  const magnitude = (((bits & 0x0f) << 3) + BIAS) << exponent;
  const value = magnitude - BIAS;
  return bits & 0x80 ? -value : value;
}

function alaw(code: number): number {
  const bits = code ^ 0x55;
  const exponent = (bits >> 4) & 7;
  const mantissa = (bits & 0x0f) << 4;
  const value = exponent === 0 ? mantissa + 8 : (mantissa + 0x108) << (exponent - 1);
  return bits & 0x80 ? value : -value;
}

const table = (of: (code: number) => number) => Float32Array.from({ length: 256 }, (_, code) => of(code) / 32768);

/** 16-bit values of every code, over 32768. */
export const ULAW = table(ulaw);
export const ALAW = table(alaw);

/** The samples of one channel. */
export function decodeG711(codec: "ulaw" | "alaw", bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const values = codec === "ulaw" ? ULAW : ALAW;
  const out = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = values[bytes[i] ?? 0] ?? 0;
  return out;
}
