/** How the client is built and served while developing. Tests are configured in `vitest.config.ts`. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { precompress } from "./build/gzip.ts";

/** The site server that `npm run dev` talks to. */
const SITE = process.env["MARTELLO_URL"] ?? "https://127.0.0.1:55754";
const toSite = { target: SITE, changeOrigin: true, secure: false, ws: true };

export default defineConfig(({ mode, command }) => ({
  // A build says what is wrong, not what it has made.
  logLevel: command === "build" ? "warn" : "info",
  plugins: [react(), ...(mode === "mock" ? [] : [precompress()])],
  build: { outDir: "dist", target: "es2023", sourcemap: false, assetsInlineLimit: 0 },
  server: {
    host: "127.0.0.1",
    port: 5173,
    ...(mode === "mock" ? {} : { proxy: { "/v1": toSite, "/healthz": toSite, "/api": toSite } }),
  },
}));
