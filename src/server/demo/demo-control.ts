import type { UnixMs } from '../../base/clock.ts';

/** `down`: it died and comes back by itself; `killed`: somebody asked for that, and it stays down until `restartAt`. */
export type DemoState = 'starting' | 'up' | 'down' | 'killed' | 'stopping';

/** A region of the demo, as its supervisor sees it. */
export interface DemoRegion {
  readonly region: string;
  readonly url: string;
  readonly state: DemoState;
  /** Of its process; null while there is none. */
  readonly pid: number | null;
  /** How often it came up again. */
  readonly restarts: number;
  /** When it is started again, Unix ms; null where nothing is planned. */
  readonly restartAt: UnixMs | null;
}

/** The supervisor of the demo, as a region reaches it. All resolve to the regions as they are after it. */
export interface DemoControl {
  regions(): Promise<readonly DemoRegion[]>;
  /** Kills the region as a power cut would; it stays down until somebody restarts it, or for two minutes. */
  kill(region: string): Promise<readonly DemoRegion[]>;
  /** Starts it at once, where it is down. */
  restart(region: string): Promise<readonly DemoRegion[]>;
}
