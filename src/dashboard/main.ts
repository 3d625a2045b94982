import { render } from 'preact';
import { html } from 'htm/preact';
import { Shell } from './components/shell.ts';
import { LiveConnection } from './live-connection.ts';
import { advertiser, askWhoReads } from './reader.ts';
import { followRoute } from './router.ts';
import { followDemo } from './components/regions/demo.ts';
import { connection, receiveFrame, route, settleIn } from './store.ts';

const live = new LiveConnection('/v1/live', receiveFrame, (state) => (connection.value = state));

settleIn();
await askWhoReads();
followRoute((next) => (route.value = next));
render(html`<${Shell} onRetry=${() => live.retryNow()} />`, document.getElementById('app')!);
// The live figures are those of the whole region.
if (advertiser.value === null) {
  live.open();
  followDemo();
  window.addEventListener('online', () => live.retryNow());
  document.addEventListener('visibilitychange', () => live.setSeen(!document.hidden));
}
