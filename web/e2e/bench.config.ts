/** Measures the client against a demo: `npm run bench`. It judges nothing; the figures go to docs/benchmarks.md. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  cacheDir: "../node_modules/.vite-e2e",
  test: { root: import.meta.dirname, environment: "node", include: ["bench.ts"], testTimeout: 1_200_000, hookTimeout: 120_000, reporters: ["verbose"] },
});
