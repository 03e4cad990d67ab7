/** Adds many devices, a few at a time, and keeps how each of them went. One failure stops no other. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { addCamera } from "../../api/changes";
import { type Failure, asFailure } from "../../api/problems";
import { keys } from "../../api/queries";
import type { Found } from "../../api/types";
import { beginTask } from "../../tasks/tasks";
import { count } from "../../time/format";
import { type Common, requestFor } from "./addable";

/** How adding one device went. */
export type Outcome = { state: "waiting" } | { state: "adding" } | { state: "added"; name: string; camera: string } | { state: "failed"; failure: Failure };

/** Cameras are slow to answer; more at once would only load the network. */
const AT_ONCE = 4;

export function useAddMany() {
  const queries = useQueryClient();
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, Outcome>>(new Map());
  const [running, setRunning] = useState(false);
  const put = (key: string, outcome: Outcome) => setOutcomes((old) => new Map(old).set(key, outcome));

  /** @returns how many failed. */
  const add = async (devices: readonly Found[], common: Common): Promise<number> => {
    setRunning(true);
    for (const device of devices) put(device.key, { state: "waiting" });
    const task = beginTask(`Adding ${count(devices.length, "device")}`, { progress: 0 });
    const waiting = [...devices];
    let done = 0;
    let failed = 0;
    const worker = async () => {
      for (let device = waiting.shift(); device; device = waiting.shift()) {
        put(device.key, { state: "adding" });
        try {
          const camera = await addCamera(requestFor(device, common));
          put(device.key, { state: "added", name: camera.name, camera: camera.id });
        } catch (error) {
          failed += 1;
          put(device.key, { state: "failed", failure: asFailure(error) });
        }
        done += 1;
        task.update({ label: `Adding ${done} of ${count(devices.length, "device")}`, progress: done / devices.length });
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
    } finally {
      task.end();
      setRunning(false);
      await Promise.all([keys.cameras, keys.discovery].map((queryKey) => queries.invalidateQueries({ queryKey })));
    }
    return failed;
  };
  return { outcomes, running, add };
}
