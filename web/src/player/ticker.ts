/** One animation loop for everything that paints on a page; it rests while nobody needs it. Knows nothing of video. */

type Tick = (nowMs: number) => void;
const ticks = new Set<Tick>();
let running = 0;

function frame(nowMs: number): void {
  for (const tick of ticks) tick(nowMs);
  running = ticks.size > 0 ? requestAnimationFrame(frame) : 0;
}

/** Calls `tick` before every repaint until the returned function is called. */
export function everyFrame(tick: Tick): () => void {
  ticks.add(tick);
  if (running === 0) running = requestAnimationFrame(frame);
  return () => ticks.delete(tick);
}
