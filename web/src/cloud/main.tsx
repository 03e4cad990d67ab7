/** Where the cloud's page begins: mounts the app. Knows no screen. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "../ui/base.css";
import { startTheme } from "../shell/theme";
import { App } from "./App";

startTheme();
const root = document.getElementById("app");
if (root) createRoot(root).render(<StrictMode><App /></StrictMode>);
