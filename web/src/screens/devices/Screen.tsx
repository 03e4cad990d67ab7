/** The cameras of the site: how each one is, with its settings beside. Adding is a room of its own. */
import { useQuery } from "@tanstack/react-query";
import { Cctv, Plus } from "lucide-react";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { asFailure } from "../../api/problems";
import { camerasQuery } from "../../api/queries";
import { paths } from "../../paths";
import { Needs } from "../../shell/Denied";
import { Empty, LinkButton, Problem, SearchField } from "../../ui";
import { Chip, Chips, Page } from "../../ui/Page";
import { useFilterKey } from "../../ui/useFilterKey";
import { DevicePanel } from "./DevicePanel";
import { DeviceTable, DeviceTableShape } from "./DeviceTable";
import { matches, needsAttention } from "./describe";

export default function DevicesScreen() {
  return (
    <Needs privilege="configure" what="change devices">
      <Devices />
    </Needs>
  );
}

function Devices() {
  const cameras = useQuery(camerasQuery);
  const [query, setQuery] = useSearchParams();
  const filterInput = useFilterKey();
  // The address follows what is typed, a moment later: a field that waited for it would lose letters.
  const [filter, setFilter] = useState(() => query.get("filter") ?? "");
  const onlyTrouble = query.get("show") === "attention";
  const put = (key: string, value: string | null) =>
    setQuery((old) => {
      if (value) old.set(key, value);
      else old.delete(key);
      return old;
    }, { replace: key === "filter" });

  const all = cameras.data?.toSorted((a, b) => a.name.localeCompare(b.name)) ?? [];
  const troubled = all.filter(needsAttention);
  const shown = (onlyTrouble ? troubled : all).filter((camera) => matches(camera, filter));
  const open = all.find(({ id }) => id === query.get("device"));
  const add = <LinkButton look="primary" icon={<Plus />} href={paths.addDevices()}>Add devices</LinkButton>;

  if (cameras.isSuccess && all.length === 0) {
    return (
      <Page title="Devices">
        <Empty icon={<Cctv />} title="No devices yet" action={add}>
          Search the network for cameras, or add one by its address. Recording begins at once.
        </Empty>
      </Page>
    );
  }
  return (
    <Page
      title="Devices"
      actions={add}
      aside={<SearchField ref={filterInput} label="Filter devices" placeholder="Name, model, address" value={filter} onChange={(value) => { setFilter(value); put("filter", value); }} />}
      panel={open ? <DevicePanel key={open.id} camera={open} onClose={() => put("device", null)} /> : null}
    >
      <Chips label="Which devices">
        <Chip current={!onlyTrouble} onPress={() => put("show", null)}>{cameras.isSuccess ? `All ${all.length}` : "All"}</Chip>
        <Chip current={onlyTrouble} onPress={() => put("show", "attention")}>{cameras.isSuccess ? `Need attention ${troubled.length}` : "Need attention"}</Chip>
      </Chips>
      {cameras.isError ? <Problem of={asFailure(cameras.error)} onRetry={() => void cameras.refetch()} /> : null}
      {cameras.isPending ? <DeviceTableShape /> : null}
      {cameras.isSuccess ? (
        <DeviceTable
          cameras={shown}
          open={open?.id}
          onOpen={(id) => put("device", id)}
          nothing={onlyTrouble && !filter ? "Every device is well." : `No device matches “${filter}”.`}
        />
      ) : null}
    </Page>
  );
}
