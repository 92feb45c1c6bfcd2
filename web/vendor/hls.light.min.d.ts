/** As much of hls.js as the page uses. */
export type ErrorData = { type: string; details: string; fatal: boolean; reason?: string; error?: Error; response?: { code: number } };
/** `sn` is a segment's number, or 'initSegment', which compares with none. */
export type Buffered = { frag: { sn: number } };

export default class Hls {
  static isSupported(): boolean;
  static readonly Events: { readonly ERROR: 'hlsError'; readonly BUFFER_APPENDING: 'hlsBufferAppending'; readonly FRAG_BUFFERED: 'hlsFragBuffered'; readonly BUFFER_FLUSHING: 'hlsBufferFlushing' };
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
