/** An address without a screen, and a screen that broke. */
import { MapPinOff, RotateCw, TriangleAlert } from "lucide-react";
import { useRouteError } from "react-router";
import { Button, Empty, LinkButton } from "../../ui";
import { paths } from "../paths";

export function NotFound() {
  return (
    <Empty icon={<MapPinOff />} title="There is nothing at this address" action={<LinkButton look="primary" href={paths.home()}>Go to the sites</LinkButton>}>
      The link may be old, or mistyped.
    </Empty>
  );
}

export function RouteProblem() {
  const error = useRouteError();
  return (
    <Empty icon={<TriangleAlert />} title="This screen cannot be shown" action={<Button look="primary" icon={<RotateCw />} onPress={() => globalThis.location.reload()}>Load again</Button>}>
      {error instanceof Error ? error.message : "Something in the page went wrong."} Sites go on recording: only this page is affected.
    </Empty>
  );
}
