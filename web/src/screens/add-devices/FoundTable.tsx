/** Found devices in rows, with how adding each of them goes. */
import { CircleAlert, CircleCheck, CirclePlus, CircleX, LoaderCircle } from "lucide-react";
import { Column, Row, Table, TableBody, TableHeader } from "react-aria-components";
import type { Found } from "../../api/types";
import { paths } from "../../paths";
import { Checkbox, Status } from "../../ui";
import { Link } from "react-aria-components";
import { Cell, tableStyles } from "../../ui/Table";
import { modelOf, readiness } from "./addable";
import styles from "./FoundTable.module.css";
import type { Outcome } from "./useAddMany";

interface Props {
  found: readonly Found[];
  outcomes: ReadonlyMap<string, Outcome>;
  selected: ReadonlySet<string>;
  onSelect: (keys: ReadonlySet<string>) => void;
  nothing: string;
  isDisabled: boolean;
}

export function FoundTable({ found, outcomes, selected, onSelect, nothing, isDisabled }: Props) {
  const ready = found.filter((device) => readiness(device) === "ready").map(({ key }) => key);
  const unready = found.filter((device) => isDisabled || readiness(device) !== "ready").map(({ key }) => key);
  return (
    <Table
      aria-label="Found devices"
      className={tableStyles.table ?? ""}
      selectionMode="multiple"
      selectionBehavior="toggle"
      selectedKeys={selected}
      disabledKeys={unready}
      disabledBehavior="selection"
      onSelectionChange={(keys) => onSelect(keys === "all" ? new Set(ready) : new Set([...keys].map(String)))}
    >
      <TableHeader>
        <Column className={tableStyles.check ?? ""}><Checkbox slot="selection" /></Column>
        <Column isRowHeader width="30%">Device</Column>
        <Column>Address</Column>
        <Column>System</Column>
        <Column>State</Column>
      </TableHeader>
      <TableBody items={found} dependencies={[outcomes]} renderEmptyState={() => <p className={styles.nothing}>{nothing}</p>}>
        {(device) => (
          <Row id={device.key} textValue={device.name} className={tableStyles.row ?? ""}>
            <Cell className={tableStyles.check ?? ""} what={readiness(device) === "ready" ? <Checkbox slot="selection" /> : null} />
            <Cell className={tableStyles.strong ?? ""} what={modelOf(device)} about={modelOf(device) === device.name ? null : device.name} />
            <Cell className={tableStyles.soft ?? ""} label="Address" what={device.address} about={device.serial} />
            <Cell className={tableStyles.soft ?? ""} label="System" what={device.firmware ?? "–"} about={device.vapix ? null : "not Axis"} />
            <FoundState device={device} outcome={outcomes.get(device.key)} />
          </Row>
        )}
      </TableBody>
    </Table>
  );
}

function FoundState({ device, outcome }: { device: Found; outcome: Outcome | undefined }) {
  const added = outcome?.state === "added" ? outcome.camera : device.added_as;
  if (added) {
    return <Cell what={<Status tone="ok" icon={<CircleCheck aria-hidden="true" />}>{outcome ? "Added" : "Already added"}</Status>} about={<Link href={paths.devices({ device: added })}>Show it</Link>} />;
  }
  switch (outcome?.state) {
    case "waiting":
      return <Cell what={<Status tone="idle" icon={<LoaderCircle aria-hidden="true" />}>Waits for its turn</Status>} />;
    case "adding":
      return <Cell what={<Status tone="accent" icon={<LoaderCircle className={styles.turning} aria-hidden="true" />}>Being added</Status>} />;
    case "failed":
      return <Cell className={styles.failed ?? ""} what={<Status tone="danger" icon={<CircleX aria-hidden="true" />}>{outcome.failure.message}</Status>} about={outcome.failure.detail} />;
    default:
  }
  switch (readiness(device)) {
    case "needs-setup":
      return (
        <Cell
          what={<Status tone="warn" icon={<CircleAlert aria-hidden="true" />}>Needs setup</Status>}
          about={<>It has no password yet. <a href={device.http_url} target="_blank" rel="noreferrer">Set one at the camera</a>, then search again.</>}
        />
      );
    case "by-address":
      return (
        <Cell
          what={<Status tone="idle" icon={<CircleAlert aria-hidden="true" />}>Needs its RTSP address</Status>}
          about={<Link href={`${paths.addDevices({ tab: "address", host: device.address })}`}>Add by address</Link>}
        />
      );
    default:
      return <Cell what={<Status tone="idle" icon={<CirclePlus aria-hidden="true" />}>New</Status>} />;
  }
}
