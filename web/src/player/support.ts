/**
 * What this browser can show: it is asked, never guessed, and asked once per codec.
 *
 * What is here: the two questions and the decoder settings they are about. What is not here: the decoders.
 */
import type { Init } from "../carrier/record";

/** Which engine shows pictures. */
export type Engine = "webcodecs" | "mse";

/** WebCodecs where there is one (it needs a secure context), else MSE, else nothing can be shown. */
export function engineOf(scope: { VideoDecoder?: unknown; MediaSource?: unknown; ManagedMediaSource?: unknown } = globalThis): Engine | undefined {
  if (scope.VideoDecoder) return "webcodecs";
  return scope.MediaSource || scope.ManagedMediaSource ? "mse" : undefined;
}

/** Settings of a video decoder for a track. */
export function videoConfig(init: Init): VideoDecoderConfig {
  return {
    codec: init.codec,
    ...(init.description.byteLength > 0 ? { description: init.description } : {}),
    ...(init.width > 0 ? { codedWidth: init.width, codedHeight: init.height } : {}),
    optimizeForLatency: true,
    hardwareAcceleration: "no-preference",
  };
}

const answers = new Map<string, Promise<boolean>>();

/** Whether the browser decodes the pictures of a track. */
export function canShow(init: Init, engine: Engine | undefined): Promise<boolean> {
  const key = `${engine} ${init.codec} ${init.width}x${init.height}`;
  let answer = answers.get(key);
  if (!answer) {
    answer = ask(init, engine);
    answers.set(key, answer);
  }
  return answer;
}

async function ask(init: Init, engine: Engine | undefined): Promise<boolean> {
  if (engine === "mse") return mediaSource()?.isTypeSupported(init.mse) ?? false;
  if (engine !== "webcodecs") return false;
  try {
    return (await VideoDecoder.isConfigSupported(videoConfig(init))).supported === true;
  } catch {
    return false; // a codec string that the browser cannot even read
  }
}

/** The page's MediaSource; the managed one is preferred, for it is the only one on iPhones and saves power elsewhere. */
export function mediaSource(): typeof MediaSource | undefined {
  const scope = globalThis as { ManagedMediaSource?: typeof MediaSource; MediaSource?: typeof MediaSource };
  return scope.ManagedMediaSource ?? scope.MediaSource;
}

/** Whether the browser decodes a codec at all, known from the codec string alone: to ask before anything is sent. */
export async function canShowCodec(codec: string, engine = engineOf()): Promise<boolean> {
  if (engine === "mse") return mediaSource()?.isTypeSupported(`video/mp4; codecs="${codec}"`) ?? false;
  if (engine !== "webcodecs") return false;
  try {
    return (await VideoDecoder.isConfigSupported({ codec })).supported === true;
  } catch {
    return false;
  }
}
