/** One camera beside the list: its picture, its facts, its settings, and taking it away. */
import { useQueryClient } from "@tanstack/react-query";
import { Film, Play, Trash2 } from "lucide-react";
import { useState } from "react";
import { removeCamera } from "../../api/changes";
import { keys } from "../../api/queries";
import type { Camera } from "../../api/types";
import { paths } from "../../paths";
import { day, moment } from "../../time/format";
import { useSiteNow, useZone } from "../../time/useNow";
import { Button, Confirm, LinkButton, Note, toast } from "../../ui";
import { Panel } from "../../ui/Page";
import { addressOf, pictureOf, ratesOf, states } from "./describe";
import { CameraStatus } from "./DeviceTable";
import { DeviceForm } from "./DeviceForm";
import styles from "./DevicePanel.module.css";
import { Profiles } from "./Profiles";
import { RecordingForm } from "./RecordingForm";
import { Still } from "./Still";

export function DevicePanel({ camera, onClose }: { camera: Camera; onClose: () => void }) {
  const { tone } = states[camera.state];
  return (
    <Panel title={camera.name} about={camera.model} onClose={onClose}>
      <Still camera={camera} />
      <div className={styles.go}>
        <LinkButton icon={<Play />} href={paths.liveCamera(camera.id)}>Live</LinkButton>
        <LinkButton icon={<Film />} href={paths.recordings({ cams: [camera.id] })}>Recordings</LinkButton>
      </div>
      {tone === "danger" || tone === "warn" ? <Note tone={tone} title={states[camera.state].words}>{camera.detail}</Note> : null}
      <Facts camera={camera} />
      <RecordingForm camera={camera} />
      <DeviceForm camera={camera} />
      <Profiles camera={camera} />
      <Remove camera={camera} onRemoved={onClose} />
    </Panel>
  );
}

function Facts({ camera }: { camera: Camera }) {
  const zone = useZone();
  const now = useSiteNow();
  const facts: [string, React.ReactNode][] = [
    ["Status", <CameraStatus key="status" camera={camera} />],
    ["Address", addressOf(camera)],
    ...(camera.serial ? [["Serial", camera.serial] as [string, string]] : []),
    ...camera.streams.map((stream): [string, React.ReactNode] => [
      stream.kind === "main" ? "Main stream" : "Sub stream",
      <span key={stream.kind}>{pictureOf(stream)}<small>{ratesOf(stream)}</small></span>,
    ]),
    ...(camera.last_frame && camera.state !== "recording" && camera.state !== "live" ? [["Last frame", moment(camera.last_frame, zone, now)] as [string, string]] : []),
    ["Added", day(camera.added, zone, now)],
  ];
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Remove({ camera, onRemoved }: { camera: Camera; onRemoved: () => void }) {
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const remove = async () => {
    await removeCamera(camera.id);
    onRemoved();
    toast(`${camera.name} was removed.`);
    await Promise.all([keys.cameras, keys.discovery].map((queryKey) => queries.invalidateQueries({ queryKey })));
  };
  return (
    <div className={styles.remove}>
      <Button look="danger" icon={<Trash2 />} onPress={() => setAsking(true)}>Remove</Button>
      <Confirm title={`Remove ${camera.name}?`} action={`Remove ${camera.name}`} isOpen={asking} onClose={() => setAsking(false)} onConfirm={remove}>
        <p>
          Recording of this camera stops now, and its settings and password are forgotten. What has been recorded stays on
          the disk {camera.retention_days ? `until it is ${camera.retention_days} days old` : "while there is room"}; add the
          camera again to go on recording.
        </p>
      </Confirm>
    </div>
  );
}
