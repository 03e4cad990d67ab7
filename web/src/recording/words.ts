/** Recording methods and reasons in words. Pure. */
import type { Camera, RecordedEvent, RecordingSettings } from "../api/types";

export type Method = RecordingSettings["method"];
export type Reason = Camera["recording"]["reasons"][number];

export const methods = [
  { value: "continuous", label: "Continuously", hint: "All the time of its schedule." },
  { value: "motion", label: "On motion", hint: "While something moves, with what came before and after." },
  { value: "both", label: "Continuously and on motion", hint: "Each by its own schedule; motion is marked in both." },
  { value: "manual", label: "By hand", hint: "Only when somebody starts it." },
  { value: "off", label: "Off", hint: "Nothing is recorded." },
] as const satisfies readonly { value: Method; label: string; hint: string }[];

export const streams = [
  { value: "main", label: "Main stream" },
  { value: "sub", label: "Sub stream" },
  { value: "both", label: "Both streams" },
] as const satisfies readonly { value: RecordingSettings["manual_streams"]; label: string }[];

export const motionSources = [
  { value: "auto", label: "The camera, else estimated", hint: "Where the camera sends no events of motion." },
  { value: "camera", label: "The camera's events only" },
  { value: "estimate", label: "Estimated from its pictures' sizes", hint: "Light that changes counts as motion." },
] as const satisfies readonly { value: RecordingSettings["motion_from"]; label: string; hint?: string }[];

/** What is said of a recording that goes on; the most telling reason. Nothing: it is not recorded. */
export function recordingWords({ reasons, motion }: Camera["recording"]): { reason: Reason; words: string } | undefined {
  if (reasons.includes("manual")) return { reason: "manual", words: "by hand" };
  if (reasons.includes("motion")) return { reason: "motion", words: motion?.estimated ? "estimated motion" : "motion" };
  return reasons.includes("continuous") ? { reason: "continuous", words: "continuous" } : undefined;
}

/** What a method is called in a list. */
export const methodWords: Record<Method, string> = { continuous: "Continuous", motion: "On motion", both: "Continuous and motion", manual: "By hand", off: "Off" };

/** What an event on the timeline is called. */
export const eventWords: Record<RecordedEvent["kind"], string> = { motion: "Motion", "estimated-motion": "Motion (estimated)", manual: "Recorded by hand", event: "Event" };
