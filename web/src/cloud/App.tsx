/** The providers around every screen. Not a place for state: the URL and the query cache are. */
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "react-router";
import { makeQueryClient } from "../api/query-client";
import { router } from "./routes";

const client = makeQueryClient();

export function App() {
  return (
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}
