/** Adding devices: found on the network, or by address. The URL keeps which of the two. */
import { useSearchParams } from "react-router";
import { paths } from "../../paths";
import { Needs } from "../../shell/Denied";
import { LinkButton } from "../../ui";
import { Chips, Page } from "../../ui/Page";
import { Link } from "react-router";
import { ByAddress } from "./ByAddress";
import { SearchTab } from "./SearchTab";

export default function AddDevicesScreen() {
  return (
    <Needs privilege="configure" what="add devices">
      <AddDevices />
    </Needs>
  );
}

function AddDevices() {
  const [query] = useSearchParams();
  const byAddress = query.get("tab") === "address";
  const tabs = (
    <Chips label="How to add">
      <Link to={paths.addDevices()} aria-current={byAddress ? undefined : "page"}>Found on the network</Link>
      <Link to={paths.addDevices({ tab: "address" })} aria-current={byAddress ? "page" : undefined}>By address</Link>
    </Chips>
  );
  if (!byAddress) return <SearchTab tabs={tabs} />;
  return (
    <Page title="Add devices" aside={<LinkButton href={paths.devices()}>Done</LinkButton>}>
      {tabs}
      <ByAddress host={query.get("host") ?? ""} />
    </Page>
  );
}
