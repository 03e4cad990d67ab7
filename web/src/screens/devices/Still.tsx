/** The camera's own picture of now, or why there is none. Not a live picture: that is the player. */
import { useQuery } from "@tanstack/react-query";
import { VideoOff } from "lucide-react";
import { useEffect, useState } from "react";
import { api, body } from "../../api/client";
import { asFailure } from "../../api/problems";
import { keys } from "../../api/queries";
import type { Camera } from "../../api/types";
import { Skeleton } from "../../ui";
import styles from "./Still.module.css";

const FRESH_MS = 10_000;

export function Still({ camera }: { camera: Camera }) {
  const still = useQuery({
    queryKey: [...keys.stills, camera.id, camera.state],
    queryFn: ({ signal }) => body(api.GET("/v1/cameras/{camera}/image", { params: { path: { camera: camera.id } }, parseAs: "blob", signal })),
    refetchInterval: FRESH_MS,
    staleTime: 0,
    retry: false,
  });
  const url = useObjectUrl(still.data as Blob | undefined);
  return (
    <div className={styles.still}>
      {url ? <img src={url} alt={`${camera.name}, a few seconds ago`} /> : null}
      {still.isPending ? <Skeleton height="100%" /> : null}
      {still.isError && !url ? <p><VideoOff aria-hidden="true" />{asFailure(still.error).message}</p> : null}
    </div>
  );
}

/** A URL for a blob while it is shown. */
function useObjectUrl(blob: Blob | undefined): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!blob) return;
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  return url;
}
