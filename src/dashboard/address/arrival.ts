/** What the page of the other region hands over when this one takes its place: no store of the browser is common to both. */
export interface Arrival {
  /** The region whose page it was. */
  readonly from: string | null;
  readonly zone: string | null;
  readonly theme: 'light' | 'dark' | null;
}

/** The page of another region at the same view, or null for an address that is none of the web. */
export function pageThere(url: string, hash: string, { from, zone, theme }: Arrival): string | null {
  const root = webRoot(url);
  if (root === null) return null;
  const there = new URL(root);
  if (from !== null) there.searchParams.set('from', from);
  if (zone !== null) there.searchParams.set('zone', zone);
  if (theme !== null) there.searchParams.set('theme', theme);
  there.hash = hash;
  return there.href;
}

/** Reads what was handed over. */
export function readArrival(search: string): Arrival {
  const query = new URLSearchParams(search);
  const theme = query.get('theme');
  return {
    from: query.get('from')?.slice(0, 64) ?? null,
    zone: query.get('zone'),
    theme: theme === 'light' || theme === 'dark' ? theme : null,
  };
}

/** `http://host:7070/` of an address of the web; null for any other. */
export function webRoot(url: string): string | null {
  const isWeb = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  return isWeb ? new URL('/', url).href : null;
}
