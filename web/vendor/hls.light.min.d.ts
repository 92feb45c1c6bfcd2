/** As much of hls.js as the page uses. */
export type ErrorData = { type: string; details: string; fatal: boolean; reason?: string; error?: Error; response?: { code: number } };
/** `sn` is a segment's number, or 'initSegment', which compares with none. */
export type Buffered = { frag: { sn: number } };
/** A playlist. `url`: its address; `TYPE` of the preload hint: 'PART' for a part. */
export type Details = { partList: { url: string; gap: boolean }[] | null; preloadHint?: { TYPE?: string; URI: string }; url: string };
export type Context = { url: string; part?: object | null };
export type Stats = { loading: { start: number; first: number; end: number }; loaded: number; total: number };
export type Callbacks = {
  onSuccess(response: { url: string; data: ArrayBuffer; code: number }, stats: Stats, context: Context, details: null): void;
  onAbort?(stats: Stats, context: Context, details: null): void;
};
export interface Loader {
  readonly stats: Stats;
  load(context: Context, config: object, callbacks: Callbacks): void;
  abort(): void;
  destroy(): void;
}
export type LoaderClass = new (...config: any[]) => Loader;

export default class Hls {
  static isSupported(): boolean;
  static readonly DefaultConfig: { readonly loader: LoaderClass };
  static readonly Events: { readonly ERROR: 'hlsError'; readonly LEVEL_UPDATED: 'hlsLevelUpdated'; readonly BUFFER_APPENDING: 'hlsBufferAppending'; readonly FRAG_BUFFERED: 'hlsFragBuffered'; readonly BUFFER_FLUSHING: 'hlsBufferFlushing' };
  constructor(config: Record<string, unknown>);
  on(event: string, listener: (event: string, data: any) => void): void;
  trigger(event: string, data: object): void;
  loadSource(url: string): void;
  stopLoad(): void;
  startLoad(position: number): void;
  attachMedia(media: HTMLMediaElement): void;
  recoverMediaError(): void;
  destroy(): void;
  readonly latency: number;
  targetLatency: number | null;
  readonly liveSyncPosition: number | null;
  /** `endSN`: of the newest complete segment; `lastPartSn`: of the one that the newest part belongs to */
  readonly latestLevelDetails: { readonly endSN: number; readonly lastPartSn: number } | null;
  readonly playingDate: Date | null;
}
