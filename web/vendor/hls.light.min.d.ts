/** As much of hls.js as the page uses. */
export type ErrorData = { type: string; details: string; fatal: boolean; reason?: string; error?: Error; response?: { code: number } };

export default class Hls {
  static isSupported(): boolean;
  static readonly Events: { readonly ERROR: 'hlsError'; readonly BUFFER_APPENDING: 'hlsBufferAppending' };
  constructor(config: Record<string, unknown>);
  on(event: string, listener: (event: string, data: any) => void): void;
  loadSource(url: string): void;
  attachMedia(media: HTMLMediaElement): void;
  recoverMediaError(): void;
  destroy(): void;
  readonly latency: number;
  targetLatency: number | null;
  readonly liveSyncPosition: number | null;
  readonly playingDate: Date | null;
}
