/**
 * Recordings as the site tells them: lanes of the timeline, days with recordings. Nothing is drawn here.
 */
import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, body } from "../api/client";
import { keys } from "../api/queries";
import type { Timeline } from "../api/types";
import { MAX_SPAN, type Lane, type View } from "./model";
import { addDays, DAY, dayOf, isoDay, offsetAt, parseDay, parseRfc3339, rfc3339, SECOND, startOfDay } from "./zone";

/** What is asked for a view: its surroundings, in steps, so that moving about asks seldom. Pure. */
export function windowOf(view: View): { from: number; to: number; resolutionMs: number } {
  const unit = 2 ** Math.ceil(Math.log2(Math.max(SECOND, view.span)));
  const from = Math.floor(view.from / unit) * unit - unit / 2;
  const resolutionMs = Math.floor(unit / 4096 / 1000);
  return { from, to: from + unit * 3, resolutionMs };
}

/** The site's answer as lanes. Pure. */
export function lanesOf(timeline: Timeline): Lane[] {
  return timeline.lanes.map(({ camera, spans, events }) => ({
    camera,
    spans: spans.map(({ from, to, open }) => ({ from: parseRfc3339(from), to: parseRfc3339(to), open })),
    events: events.map(({ kind, from, to }) => ({ kind, from: parseRfc3339(from), to: parseRfc3339(to) })),
  }));
}

const timelineQuery = (cameras: readonly string[], from: number, to: number, resolutionMs: number, growing: boolean) =>
  queryOptions({
    queryKey: [...keys.recordings, "timeline", cameras, from, to, resolutionMs],
    queryFn: async ({ signal }) => {
      const query = { cameras: cameras.join(","), from: rfc3339(from), to: rfc3339(to), resolution_ms: resolutionMs };
      return lanesOf(await body(api.GET("/v1/timeline", { params: { query: query as never }, signal })));
    },
    placeholderData: keepPreviousData,
    enabled: cameras.length > 0,
    staleTime: growing ? 4000 : 60_000,
    ...(growing ? { refetchInterval: 5000 } : {}),
  });

/** Lanes of a view; those of the view before while new ones come. */
export function useLanes(cameras: readonly string[], view: View, nowUs: number): { lanes: readonly Lane[]; loading: boolean; error: unknown; retry: () => void } {
  const { from, to, resolutionMs } = windowOf(view);
  const query = useQuery(timelineQuery(cameras, from, to, resolutionMs, to > nowUs - 60 * SECOND));
  const none = useMemo<Lane[]>(() => [], []);
  return { lanes: query.data ?? none, loading: query.isPending || query.isPlaceholderData, error: query.isError && !query.data ? query.error : undefined, retry: () => void query.refetch() };
}

/** Days with recordings around a month, `2026-11-21`. */
export function useRecordedDays(cameras: readonly string[], month: { year: number; month: number }, zone: string): ReadonlySet<string> {
  const from = startOfDay({ ...month, day: 1 }, zone) - 7 * DAY;
  const to = from + 46 * DAY;
  const query = useQuery({
    queryKey: [...keys.recordings, "days", cameras, from],
    queryFn: async ({ signal }) => {
      const asked = { cameras: cameras.join(","), from: rfc3339(from), to: rfc3339(Math.min(to, from + MAX_SPAN)) };
      return (await body(api.GET("/v1/recorded-days", { params: { query: asked as never }, signal }))).days;
    },
    enabled: cameras.length > 0,
    staleTime: 60_000,
  });
  return useMemo(() => new Set(query.data ?? []), [query.data]);
}

/** The instant of a time of day on a local day: `10:05`, `10:05:30`, `10:05:30.480`; nothing where the text is none. */
export function momentOn(day: string, time: string, zone: string): number | undefined {
  const date = parseDay(day);
  const match = /^(\d{1,2})[:.](\d\d)(?:[:.](\d\d)(?:[.,](\d{1,6}))?)?$/.exec(time.trim());
  if (!date || !match) return undefined;
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const wanted = (hours * 3600 + minutes * 60 + seconds) * SECOND + Number((match[4] ?? "").padEnd(6, "0"));
  const start = startOfDay(date, zone);
  // On a day with a clock change the time of day is not the time since midnight: look which instant shows it.
  for (const shift of [0, -1, 1, -0.5, 0.5]) {
    const at = start + wanted + shift * 3600 * SECOND;
    if (isoDay(dayOf(at, zone)) === day && localSince(at, zone) === wanted) return at;
  }
  return Math.min(start + wanted, startOfDay(addDays(date, 1), zone) - 1);
}

function localSince(at: number, zone: string): number {
  const { year, month, day } = dayOf(at, zone);
  return at + offsetAt(at, zone) - Date.UTC(year, month - 1, day) * 1000;
}
