import type { PipelineSpec } from '../../pipeline/settings.ts';

/** The name and the address of the other region, where there is one. */
export function peerOf({
  peer,
}: Pick<PipelineSpec, 'peer'>): { readonly name: string; readonly url: string } | undefined {
  const [address] = peer;
  if (address === undefined) return undefined;
  const [name] = address.split('=', 1);
  return { name, url: address.slice(name.length + 1) };
}
