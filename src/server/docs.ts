import scalar from '@scalar/fastify-api-reference';
import type { FastifyInstance } from 'fastify';
import { scriptHashes } from './assets.ts';
import type { Gate } from './access.ts';
import { pagePolicy } from './routes/pages.ts';

/** Serves /docs: the API reference as pages, from this machine alone. */
export async function registerDocs(app: FastifyInstance, gate: Gate): Promise<void> {
  await app.register(async (docs) => {
    docs.addHook('onRequest', async (request, reply) => gate.check(request, reply, 'operator'));
    docs.addHook('onSend', async (_request, reply, payload) => {
      const type = String(reply.getHeader('content-type'));
      if (type.startsWith('text/html') && typeof payload === 'string') {
        // The library styles its elements inline, which only 'unsafe-inline' allows.
        const policy = pagePolicy(scriptHashes(payload), "'self' 'unsafe-inline'");
        reply.header('content-security-policy', policy);
      } else if (type.startsWith('application/javascript')) {
        reply.header('cache-control', 'private, max-age=3600');
      }
      return payload;
    });
    await docs.register(scalar, {
      routePrefix: '/docs',
      configuration: {
        url: '/openapi.json',
        pageTitle: 'adtally: API reference',
        favicon: '/assets/dashboard/mark.svg',
        // Nothing that leaves this machine: fonts, figures, an assistant, hosted tools.
        withDefaultFonts: false,
        telemetry: false,
        agent: { disabled: true },
        mcp: { disabled: true },
        showDeveloperTools: 'never',
        hideClientButton: true,
      },
    });
  });
}
