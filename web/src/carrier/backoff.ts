/**
 * When to try again. Pure: what is here is a number from a number; what is not here is a timer.
 */

/** Milliseconds to wait before try `attempt` (0 is the first retry): 0.25 s doubling to 8 s, spread by `random` (0…1) over ±25 %. */
export function retryDelay(attempt: number, random: number): number {
  const plain = Math.min(8000, 250 * 2 ** Math.min(attempt, 10));
  return Math.round(plain * (0.75 + 0.5 * random));
}
