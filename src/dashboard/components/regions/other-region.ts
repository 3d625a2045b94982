import type { LiveFrame } from '../../../model/live.ts';
import type { DemoRegion } from '../../answers/region-answers.ts';

/** The other region, and whether its page may take the place of this one without being asked. */
export interface OtherRegion {
  readonly region: string;
  readonly url: string;
  /** It is part of the demo, and lived when last heard of. */
  readonly takesOver: boolean;
  readonly wasSilent: boolean;
}

/** Where to go on when the region of this page dies; null where nothing is known of another one. */
export function otherRegion(
  current: Pick<LiveFrame, 'region' | 'peer'> | null,
  demo: readonly DemoRegion[],
): OtherRegion | null {
  if (current === null) return null;
  const supervised = demo.find(({ region }) => region !== current.region);
  const { peer } = current;
  const [region, url] = [supervised?.region ?? peer?.region, supervised?.url ?? peer?.url];
  if (region === undefined || url === undefined) return null;
  const wasSilent = supervised === undefined ? peer?.isConnected === false : supervised.state !== 'up';
  return { region, url, takesOver: supervised !== undefined && !wasSilent, wasSilent };
}
