import type { DemoRegion } from '../../server/demo/demo-control.ts';

/** What a supervised region asks its supervisor, over the channel between the two processes. */
export interface DemoQuestion {
  readonly question: number;
  readonly ask: 'list' | 'kill' | 'restart';
  /** Which region; none with `list`. */
  readonly region: string | undefined;
}

/** The answer to the question of that number. */
export interface DemoAnswer {
  readonly question: number;
  readonly regions: readonly DemoRegion[];
}

export function isDemoQuestion(message: unknown): message is DemoQuestion {
  return typeof message === 'object' && message !== null && 'question' in message && 'ask' in message;
}

export function isDemoAnswer(message: unknown): message is DemoAnswer {
  return typeof message === 'object' && message !== null && 'question' in message && 'regions' in message;
}
