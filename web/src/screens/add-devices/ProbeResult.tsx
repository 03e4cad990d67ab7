/** What a camera has, before it is added. */
import { CircleCheck } from "lucide-react";
import type { Probe } from "../../api/types";
import { codecName } from "../../time/format";
import { Note, Status } from "../../ui";
import { pictureOf, ratesOf } from "../devices/describe";
import styles from "./ProbeResult.module.css";

export function ProbeResult({ probe }: { probe: Probe }) {
  const h265 = probe.streams.some(({ kind, video_codec }) => kind === "main" && codecName(video_codec) === "H.265");
  const hasSub = probe.streams.some(({ kind }) => kind === "sub");
  return (
    <section className={styles.result} aria-labelledby="probe">
      <h2 id="probe">{probe.name ?? probe.model ?? "The camera"}</h2>
      <Status tone="ok" icon={<CircleCheck aria-hidden="true" />}>Answers and can be recorded</Status>
      <dl>
        {probe.model ? <div><dt>Model</dt><dd>{probe.model}</dd></div> : null}
        {probe.serial ? <div><dt>Serial</dt><dd>{probe.serial}</dd></div> : null}
        {probe.streams.map((stream) => (
          <div key={stream.kind}>
            <dt>{stream.kind === "main" ? "Main stream" : "Sub stream"}</dt>
            <dd>{pictureOf(stream)}<small>{ratesOf(stream)}</small></dd>
          </div>
        ))}
      </dl>
      {h265 && !hasSub ? <Note tone="warn" title="H.265 without a sub stream">It is recorded well, but a browser without H.265 shows no picture. Set a sub stream in H.264.</Note> : null}
    </section>
  );
}
