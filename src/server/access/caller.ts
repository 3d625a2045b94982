/** Who asks, as the gate found out. */
export type Caller =
  | { readonly role: 'publisher' | 'operator'; readonly keyId: string }
  | { readonly role: 'advertiser'; readonly keyId: string; readonly advertiserId: string }
  /** The other region, by the secret that both share. */
  | { readonly role: 'peer' }
  /** Somebody on this machine, where there are no keys. */
  | { readonly role: 'loopback' }
  /** Nobody asked who it is: the route is open to anyone. */
  | { readonly role: 'unknown' };

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
    /** Whether the handler has asked whose figures it may show: see advertiserScope. */
    scopeAsked: boolean;
  }
}

export const UNKNOWN_CALLER: Caller = { role: 'unknown' };
export const LOOPBACK_CALLER: Caller = { role: 'loopback' };
