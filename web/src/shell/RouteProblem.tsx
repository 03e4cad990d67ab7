/** When a screen breaks or cannot be loaded: says so and offers to load the page again. */
import { useRouteError } from "react-router";
import { RotateCw, TriangleAlert } from "lucide-react";
import { Button, Empty } from "../ui";

export function RouteProblem() {
  const error = useRouteError();
  return (
    <Empty
      icon={<TriangleAlert />}
      title="This screen cannot be shown"
      action={<Button look="primary" icon={<RotateCw />} onPress={() => globalThis.location.reload()}>Load again</Button>}
    >
      {error instanceof Error ? error.message : "Something in the page went wrong."} Recording goes on: only this page is affected.
    </Empty>
  );
}
