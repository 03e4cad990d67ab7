/** Seeded randomness for property-style tests: the same seed gives the same run, and a failure names its seed. */

/** A generator of numbers in 0…1 (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Runs a property for many seeds. */
export function forSeeds(count: number, property: (random: () => number) => void): void {
  for (let seed = 1; seed <= count; seed++) {
    try {
      property(randomOf(seed));
    } catch (error) {
      throw new Error(`with seed ${seed}`, { cause: error });
    }
  }
}

export const integer = (random: () => number, from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
