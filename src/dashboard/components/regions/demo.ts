import { effect, signal } from '@preact/signals';
import type { DemoAnswer, DemoRegion } from '../../answers/region-answers.ts';
import { getJson, postJson } from '../../region-api.ts';
import { connection } from '../../store.ts';

/** Often enough to see a region go and come. */
const ASK_EVERY_MS = 1000;
const ASK_MOST_MS = 600_000;

/** The regions of the demo, as last heard; empty where this is none. */
export const demoRegions = signal<readonly DemoRegion[]>([]);

/** Asks for the regions while frames come. Where this is no demo it asks once per connection, for it does not become one. */
export function followDemo(): void {
  effect(() => {
    if (connection.value !== 'live') return undefined;
    const left = new AbortController();
    void askAgainAndAgain(left.signal);
    return () => left.abort();
  });
}

async function askAgainAndAgain(left: AbortSignal): Promise<void> {
  while (!left.aborted) {
    const answer = await getJson<DemoAnswer>('/v1/demo', left).catch(() => null);
    if (left.aborted) return;
    if (answer !== null) demoRegions.value = answer.regions;
    const isDemo = answer === null ? demoRegions.value.length > 0 : answer.regions.length > 0;
    await new Promise((resolve) => window.setTimeout(resolve, isDemo ? ASK_EVERY_MS : ASK_MOST_MS));
  }
}

/** Kills or restarts a region. One that kills itself may not live to answer, which is no failure then. */
export async function changeRegion(verb: 'kill' | 'restart', region: string, isHere: boolean): Promise<void> {
  try {
    const path = `/v1/demo/${verb}?region=${encodeURIComponent(region)}`;
    const { regions } = await postJson<DemoAnswer>(path, new AbortController().signal, {});
    demoRegions.value = regions;
  } catch (error) {
    if (!(isHere && verb === 'kill' && error instanceof TypeError)) throw error;
  }
}
