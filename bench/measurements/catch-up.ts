/**
 * A region that was away for an hour: its peer has taken in the events of that hour meanwhile. How long until it has heard of all
 * of them, and until its reporting store is level. The hour is made in less: its events come as fast as the region takes them, with
 * times of the whole hour, so the log has as many events in fewer blocks.
 */
import { BodySource } from '../rig/bodies.ts';
import { oneEvent, storeLevel, touchKnown } from '../rig/levels.ts';
import { answer, atMost, progress, told, withDirectory } from '../rig/measurement.ts';
import { RegionCommand } from '../rig/region-command.ts';
import { Sender } from '../rig/senders.ts';

const PER_SECOND = 1000;
const SECONDS = 3600;
const BODY = 1000;

await answer((run) =>
  withDirectory(run, async (directory) => {
    const events = run.isQuick ? 300_000 : PER_SECOND * SECONDS;
    const [a, b] = await RegionCommand.pair(directory);
    await a.start();
    await b.start();
    const [toA, toB] = [new Sender(a.url), new Sender(b.url)];
    await toA.send(oneEvent('first', 'first', 'first'));
    await touchKnown(toB, 'first');
    await storeLevel(toB, toA, 'a');
    await b.stop();
    const source = new BodySource(400, BODY);
    for (let sent = 0; sent < events; sent += 100_000) {
      const ageMs = SECONDS * 1000 * (1 - sent / events);
      const bodies = source.make(100_000, undefined, () => Date.now() - ageMs);
      await toA.sendAll(bodies, 4);
      progress(`${sent + 100_000} of ${events} events`);
    }
    await toA.send(oneEvent('last', 'last', 'last'));
    await storeLevel(toA, toA, 'a');
    const beginMs = performance.now();
    await b.start();
    const startMs = performance.now() - beginMs;
    const heard = touchKnown(toB, 'last').then(() => performance.now() - beginMs);
    const level = storeLevel(toB, toA, 'a').then(() => performance.now() - beginMs);
    const [heardMs, levelMs] = [await heard, await level];
    toA.close();
    toB.close();
    await a.stop();
    await b.stop();
    const what = `${events.toLocaleString('en')} events of an hour`;
    return {
      findings: [
        atMost(`Catch-up after an outage: ${what} heard, from the start`, heardMs / 1000, 60, ' s'),
        atMost('  its reporting store level', levelMs / 1000, 60, ' s'),
        told('  of it the start', startMs / 1000, ' s'),
      ],
      raw: { events, startMs, heardMs, levelMs },
    };
  }),
);
