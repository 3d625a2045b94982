import { render } from 'preact';
import { html } from 'htm/preact';
import { Shell } from './components/shell.ts';
import { LiveConnection } from './live-connection.ts';
import { advertiser, askWhoReads, engine, isOffered } from './reader.ts';
import { followRoute } from './router.ts';
import { followDemo } from './components/regions/demo.ts';
import { connection, receiveFrame, receiveGatewayFrame, route, settleIn } from './store.ts';
import type { GatewayFrame, LiveFrame } from '../model/live.ts';

const live = new LiveConnection(
  '/v1/live',
  (text) => {
    if (engine.value === 'cluster') receiveGatewayFrame(JSON.parse(text) as GatewayFrame);
    else receiveFrame(JSON.parse(text) as LiveFrame);
  },
  (state) => (connection.value = state),
);

settleIn();
await askWhoReads();
followRoute((next) => (route.value = next));
render(html`<${Shell} onRetry=${() => live.retryNow()} />`, document.getElementById('app')!);
// The live figures are those of the whole region.
if (advertiser.value === null) {
  live.open();
  if (isOffered('GET /v1/demo')) followDemo();
  window.addEventListener('online', () => live.retryNow());
  document.addEventListener('visibilitychange', () => live.setSeen(!document.hidden));
}
