import { z } from 'zod';
import { ENGINES } from '../route.ts';
import { SCHEMAS } from './schemas.ts';

const unixMs = z.int().min(0);

const trailEntry = z
  .strictObject({
    id: z.string().describe('Names the entry.'),
    time: unixMs.describe('When the action was begun, Unix ms.'),
    role: z
      .enum(['operator', 'publisher', 'advertiser', 'peer', 'loopback', 'cli'])
      .describe('Of the key; loopback where there are none, cli for a command.'),
    keyId: z.string().nullable(),
    requestId: z.string().nullable(),
    action: z.string().describe('Noun and verb.'),
    subject: z.string().describe('To what.'),
    endedAt: unixMs.nullable().describe('When it was over, Unix ms.'),
    outcome: z.string().nullable().describe('"done", or the code of the error that it ended with.'),
  })
  .register(SCHEMAS, { id: 'TrailEntry' });

export const trailPage = z
  .strictObject({
    entries: z.array(trailEntry),
    next: z.string().nullable().describe('What to ask "before" for the next page; null on the last one.'),
    unreadableLines: z.int().min(0).describe('Lines that a crash left unfinished, or that are damaged.'),
  })
  .register(SCHEMAS, { id: 'TrailPage' });

export const accessReport = z
  .strictObject({
    role: z.enum(['operator', 'advertiser', 'loopback']),
    keyId: z.string().nullable(),
    advertiserId: z.string().nullable().describe('Whose figures alone are shown; null for all.'),
    engine: z.enum(ENGINES).describe('A region of its own, or the gateway of a cluster.'),
    offers: z.array(z.string()).describe('What the server answers, as "GET /v1/live".'),
  })
  .register(SCHEMAS, { id: 'AccessReport' });
