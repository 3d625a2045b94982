/** Reads the fields of an answer as Kafka's protocol has them; throws RangeError past its end. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#past(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#past(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#past(4));
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#past(8));
  }

  string(): string {
    return this.#text(this.int16());
  }

  compactString(): string {
    return this.#text(this.uvarint() - 1);
  }

  /** Its length, and so many bytes. */
  bytes(): WireReader {
    const length = Math.max(0, this.int32());
    const start = this.#past(length);
    return new WireReader(this.#bytes.subarray(start, this.#at));
  }

  skip(size: number): void {
    this.#past(size);
  }

  /** Bytes that are not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  array<Item>(read: () => Item): Item[] {
    return Array.from({ length: this.int32() }, read);
  }

  compactArray<Item>(read: () => Item): Item[] {
    return Array.from({ length: Math.max(0, this.uvarint() - 1) }, read);
  }

  /** Tagged fields, which say nothing that is asked for. */
  skipTags(): void {
    for (let count = this.uvarint(); count > 0; count--) {
      this.uvarint();
      this.skip(this.uvarint());
    }
  }

  uvarint(): number {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#past(1));
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  #text(length: number): string {
    const start = this.#past(length);
    return this.#bytes.toString('utf8', start, this.#at);
  }

  #past(size: number): number {
    const start = this.#at;
    this.#at += size;
    if (this.#at > this.#bytes.length) throw new RangeError('The answer of Kafka ends too early.');
    return start;
  }
}
