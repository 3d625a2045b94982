/** The worker thread that makes a reporting store anew, beside the one that serves. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../base/assert.ts';
import { makeReporting } from './reporting-rebuild.ts';
import { sentError, type ReportingWorkerOptions, type WorkerMessage } from '../union-load/worker-protocol.ts';

assert(parentPort !== null, 'this file runs as a worker');
const port = parentPort;
const say = (message: WorkerMessage): void => port.postMessage(message, []);

try {
  await makeReporting(workerData as ReportingWorkerOptions, (records) => say({ event: 'progress', records }));
  say({ event: 'ready' });
} catch (error) {
  say({ event: 'failed', error: sentError(error) });
}
