/** Writes the fields of a request as Kafka's protocol has them. */
export class WireWriter {
  readonly #parts: Buffer[] = [];

  int8(value: number): this {
    return this.#put(1, (bytes) => bytes.writeInt8(value));
  }

  int16(value: number): this {
    return this.#put(2, (bytes) => bytes.writeInt16BE(value));
  }

  int32(value: number): this {
    return this.#put(4, (bytes) => bytes.writeInt32BE(value));
  }

  int64(value: bigint): this {
    return this.#put(8, (bytes) => bytes.writeBigInt64BE(value));
  }

  string(text: string): this {
    const bytes = Buffer.from(text);
    this.int16(bytes.length);
    this.#parts.push(bytes);
    return this;
  }

  /** As "flexible" versions write it: its length and one, then the bytes. */
  compactString(text: string): this {
    const bytes = Buffer.from(text);
    this.uvarint(bytes.length + 1);
    this.#parts.push(bytes);
    return this;
  }

  array<Item>(items: readonly Item[], write: (item: Item) => void): this {
    this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }

  compactArray<Item>(items: readonly Item[], write: (item: Item) => void): this {
    this.uvarint(items.length + 1);
    for (const item of items) write(item);
    return this;
  }

  /** No tagged fields. */
  noTags(): this {
    return this.uvarint(0);
  }

  uvarint(value: number): this {
    let left = value;
    for (; left > 0x7f; left >>>= 7) this.#parts.push(Buffer.from([(left & 0x7f) | 0x80]));
    this.#parts.push(Buffer.from([left]));
    return this;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #put(size: number, write: (bytes: Buffer) => void): this {
    const bytes = Buffer.alloc(size);
    write(bytes);
    this.#parts.push(bytes);
    return this;
  }
}
