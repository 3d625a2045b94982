#!/usr/bin/env node
import { runProgram } from './program.ts';

const LINGER_MS_MAX = 2000;

muteTypeStrippingWarning();
// The reader of a pipe may leave early, as `head` does: that ends the command, it is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
process.exitCode = await runProgram(process.argv.slice(2));
// A client that still tries to reach its server does not keep the process of a command that is over.
setTimeout(() => process.exit(), LINGER_MS_MAX).unref();

/** Node tells everyone whose program strips types that this is experimental; who starts adtally can do nothing about it. */
function muteTypeStrippingWarning(): void {
  const listeners = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name === 'ExperimentalWarning' && warning.message.includes('stripTypeScriptTypes')) return;
    for (const listener of listeners) listener(warning);
  });
}
