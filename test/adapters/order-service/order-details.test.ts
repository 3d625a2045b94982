import { describe, expect, it } from 'vitest';
import { readDetails } from '../../../src/adapters/order-service/order-details.ts';

const read = (text: string): ReturnType<typeof readDetails> => readDetails(Buffer.from(text));

/** `{"k":{"k":…{}…}}` with `levels` objects. */
const nested = (levels: number): string => '{"k":'.repeat(levels - 1) + '{}' + '}'.repeat(levels - 1);

describe('readDetails', () => {
  it.each([
    ['{}', {}],
    ['{"city":"Paris","items":[1,2.5,{"x":null}],"isFirstOrder":true}', undefined],
    ['\uFEFF{"a":1}', { a: 1 }],
    [`{"n":${Number.MAX_SAFE_INTEGER},"m":-${Number.MAX_SAFE_INTEGER}}`, undefined],
    [nested(8), undefined],
  ])('takes %s', (text, details = JSON.parse(text) as Record<string, unknown>) => {
    expect(read(text)).toEqual({ ok: true, details });
  });

  it.each(['', '{', '<html>', '{"a":1} {}', "{'a':1}", '{"a":NaN}'])('%s is not JSON', (text) => {
    expect(read(text)).toMatchObject({ ok: false, reason: 'bad_json' });
  });

  it('text that is not UTF-8 is not JSON', () => {
    const body = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(readDetails(body)).toMatchObject({ ok: false, reason: 'bad_json' });
  });

  it.each([
    ['[]', 'not an object'],
    ['null', 'not an object'],
    ['"text"', 'not an object'],
    [nested(9), 'deeper than 8'],
    [`{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, 'deeper than 8'],
    [JSON.stringify(Object.fromEntries(Array.from({ length: 257 }, (_, at) => [`k${at}`, 1]))), '256 keys'],
    ['{"a":[1],"__proto__":{"admin":true}}', '__proto__'],
    ['{"a":{"__proto__":null}}', '__proto__'],
    ['{"amount":9007199254740992}', '2^53'],
    ['{"amount":[-9007199254740993]}', '2^53'],
    ['{"amount":1e999}', 'too large'],
    [`{"a":"${'x'.repeat(16 * 1024)}"}`, 'longer than 16384 bytes'],
    [`{"a":"${'é'.repeat(9 * 1024)}"}`, 'longer than 16384 bytes'],
    // A lone surrogate is six bytes once it is written out again.
    [`{"a":"${'\\ud800'.repeat(2800)}"}`, 'longer than 16384 bytes'],
  ])('refuses %.60s', (text, fault) => {
    expect(read(text)).toMatchObject({ ok: false, reason: 'bad_shape' });
    expect(read(text)).toHaveProperty('detail', expect.stringContaining(fault));
  });

  it('leaves no trace on other objects', () => {
    read('{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}');
    expect(({} as { admin?: boolean }).admin).toBe(undefined);
  });
});
