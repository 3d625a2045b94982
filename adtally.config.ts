import { defineConfig } from 'adtally';

// What stands here is used by every `adtally` command run in this folder; docs/reference/config.md lists all settings.
export default defineConfig({
  regions: ['a', 'b'],
  maxEventAge: '24h',
  maxClockSkew: '10m',
  dedupeWindow: '24h',
  retention: { log: '3d', records: '3d' },
});
