/** Calls `action` whenever the page is hidden or left, and may never run again; the returned function ends that. Nothing in Node. */
export function whenPageHides(action: () => void): () => void {
  if (typeof document === 'undefined') return () => {};
  const hide = (): void => {
    if (document.visibilityState === 'hidden') action();
  };
  document.addEventListener('visibilitychange', hide);
  window.addEventListener('pagehide', action);
  return () => {
    document.removeEventListener('visibilitychange', hide);
    window.removeEventListener('pagehide', action);
  };
}

/** Whether requests of this page can outlive it and carry a key. */
export function outlivesPage(): boolean {
  return 'keepalive' in Request.prototype;
}

/** Hands bytes to a browser that cannot do so otherwise. No answer comes, and no header goes with them: so none with a key. */
export function sendBeacon(url: string, ndjson: Uint8Array<ArrayBuffer>): boolean {
  return navigator.sendBeacon(url, new Blob([ndjson], { type: 'application/x-ndjson' }));
}
