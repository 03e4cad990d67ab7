/** An address without a room. */
import { MapPinOff } from "lucide-react";
import { paths } from "../paths";
import { Empty, LinkButton } from "../ui";

export default function NotFound() {
  return (
    <Empty icon={<MapPinOff />} title="There is nothing at this address" action={<LinkButton look="primary" href={paths.live()}>Go to Live</LinkButton>}>
      The link may be old, or mistyped.
    </Empty>
  );
}
