import scalar from '@scalar/fastify-api-reference';
import type { FastifyInstance } from 'fastify';
import { scriptHashes } from './assets.ts';
import type { Gate } from './access.ts';
import { pagePolicy } from './routes/pages.ts';

/** Serves /docs: the API reference as pages, from this machine alone. */
export async function registerDocs(app: FastifyInstance, gate: Gate): Promise<void> {
  await app.register(async (docs) => {
    docs.addHook('onRequest', async (request) => gate.check(request, 'operator'));
    docs.addHook('onSend', async (_request, reply, payload) => {
      const type = String(reply.getHeader('content-type'));
      if (type.startsWith('text/html') && typeof payload === 'string') {
        // The library styles its elements inline, which only 'unsafe-inline' allows.
        const policy = pagePolicy(scriptHashes(payload), "'self' 'unsafe-inline'");
        reply.header('content-security-policy', policy);
      }
      return payload;
    });
    await docs.register(scalar, {
      routePrefix: '/docs',
      configuration: {
        url: '/openapi.json',
        pageTitle: 'adtally: API reference',
        withDefaultFonts: false,
        telemetry: false,
      },
    });
  });
}
