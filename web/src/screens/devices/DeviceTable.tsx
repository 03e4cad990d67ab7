/** The list: one row a camera, in the order that it is given. */
import { CircleAlert, CircleCheck, CircleX, LoaderCircle } from "lucide-react";
import { Column, Row, Table, TableBody, TableHeader } from "react-aria-components";
import type { Camera } from "../../api/types";
import { Loading, Skeleton, Status, type Tone } from "../../ui";
import { methodWords } from "../../recording/words";
import { Cell, tableStyles } from "../../ui/Table";
import { addressOf, keptFor, mainStream, pictureOf, ratesOf, states } from "./describe";
import styles from "./DeviceTable.module.css";

const icons: Record<Tone, typeof CircleCheck> = { ok: CircleCheck, warn: CircleAlert, danger: CircleX, idle: LoaderCircle };

export function CameraStatus({ camera }: { camera: Camera }) {
  const { words, tone } = states[camera.state];
  const Icon = icons[tone];
  return <Status tone={tone} icon={<Icon aria-hidden="true" />}>{words}</Status>;
}

interface Props {
  cameras: readonly Camera[];
  open: string | undefined;
  onOpen: (camera: string | null) => void;
  /** What stands there when no row does. */
  nothing: string;
}

export function DeviceTable({ cameras, open, onOpen, nothing }: Props) {
  return (
    <Table
      aria-label="Devices"
      className={tableStyles.table ?? ""}
      selectionMode="single"
      selectionBehavior="replace"
      selectedKeys={open ? [open] : []}
      onSelectionChange={(keys) => onOpen(keys === "all" ? null : ([...keys][0] as string | undefined) ?? null)}
    >
      <TableHeader>
        <Column isRowHeader width="22%">Device</Column>
        <Column>Address</Column>
        <Column>Status</Column>
        <Column>Video</Column>
        <Column>Recording</Column>
      </TableHeader>
      <TableBody items={cameras} renderEmptyState={() => <p className={styles.nothing}>{nothing}</p>}>
        {(camera) => {
          const main = mainStream(camera);
          return (
            <Row id={camera.id} textValue={camera.name} className={tableStyles.row ?? ""}>
              <Cell className={tableStyles.strong ?? ""} what={camera.name} about={camera.model ?? "Model not known"} />
              <Cell className={`${tableStyles.soft} ${styles.address}`} label="Address" what={addressOf(camera)} about={camera.serial ?? (camera.source.kind === "rtsp" ? "RTSP address" : null)} />
              <Cell className={styles.status ?? ""} what={<CameraStatus camera={camera} />} about={camera.detail} />
              <Cell label="Video" what={main ? pictureOf(main) : "–"} about={main ? ratesOf(main) : null} />
              <Cell label="Recording" what={methodWords[camera.recording.method]} about={camera.record ? keptFor(camera) : null} />
            </Row>
          );
        }}
      </TableBody>
    </Table>
  );
}

/** What the list looks like before it is there. */
export function DeviceTableShape() {
  return (
    <Loading what="Devices">
      <div className={styles.shape}>
        {["a", "b", "c", "d", "e"].map((row) => (
          <div key={row}>
            <Skeleton width="60%" /><Skeleton width="70%" /><Skeleton width="50%" /><Skeleton width="75%" /><Skeleton width="40%" />
          </div>
        ))}
      </div>
    </Loading>
  );
}
