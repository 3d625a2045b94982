import { render } from 'preact';
import { html } from 'htm/preact';
import { Shell } from './components/shell.ts';
import { LiveConnection } from './live-connection.ts';
import { followRoute } from './router.ts';
import { connection, receiveFrame, route } from './store.ts';

const live = new LiveConnection('/v1/live', receiveFrame, (state) => (connection.value = state));

followRoute((next) => (route.value = next));
render(html`<${Shell} onRetry=${() => live.retryNow()} />`, document.getElementById('app')!);
live.open();

window.addEventListener('online', () => live.retryNow());
document.addEventListener('visibilitychange', () => live.setSeen(!document.hidden));
