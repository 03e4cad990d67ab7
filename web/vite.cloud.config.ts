/** How the cloud's own pages are built: another entry over the same components, with files and an API of their own. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { precompress } from "./build/gzip.ts";

/** The cloud that `npm run dev:cloud` talks to. */
const CLOUD = process.env["MARTELLO_CLOUD_URL"] ?? "https://127.0.0.1:8443";
const toCloud = { target: CLOUD, changeOrigin: true, secure: false, ws: true };

export default defineConfig(({ command }) => ({
  logLevel: command === "build" ? "warn" : "info",
  root: "cloud",
  publicDir: "../public",
  plugins: [react(), precompress()],
  build: { outDir: "../dist-cloud", emptyOutDir: true, target: "es2023", sourcemap: false, assetsInlineLimit: 0, chunkSizeWarningLimit: 700 },
  server: { host: "127.0.0.1", port: 5174, fs: { allow: [".."] }, proxy: { "/v1": toCloud, "/healthz": toCloud, "/api": toCloud } },
}));
