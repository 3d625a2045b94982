import { describe, expect, test } from 'vitest';
import { BodyBuffers } from '../../src/server/body/body-buffers.ts';

const MIB = 1 << 20;

describe('the buffers of bodies', () => {
  test('are as large as asked for, and used again', () => {
    const buffers = new BodyBuffers();
    const one = buffers.take(300_000);
    expect(one.length).toBeGreaterThanOrEqual(300_000);
    expect(buffers.take(300_000)).not.toBe(one);
    buffers.give(one);
    expect(buffers.take(270_000)).toBe(one);
    expect(buffers.take(1).length).toBeGreaterThanOrEqual(1);
    expect(buffers.take(8 * MIB).length).toBe(8 * MIB);
  });

  test('are kept up to a limit', () => {
    const buffers = new BodyBuffers();
    const many = Array.from({ length: 8 }, () => buffers.take(8 * MIB));
    for (const each of many) buffers.give(each);
    const again = new Set(Array.from({ length: 8 }, () => buffers.take(8 * MIB)));
    expect(many.filter((each) => again.has(each)).length).toBe(4);
  });
});
