/** Bytes of a file that grows where it is written to; what was never written reads as zero. */
export class FileImage {
  #bytes: Uint8Array;
  #size = 0;

  constructor(content: Uint8Array = new Uint8Array(0)) {
    this.#bytes = Uint8Array.from(content);
    this.#size = content.length;
  }

  get size(): number {
    return this.#size;
  }

  /** The content; valid until the next change. */
  content(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  write(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.content());
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, position);
    this.#size = Math.max(this.#size, end);
  }

  truncate(size: number): void {
    if (size < this.#size) this.#bytes.fill(0, size, this.#size);
    else this.write(new Uint8Array(size - this.#size), this.#size);
    this.#size = size;
  }

  flipBit(bit: number): void {
    this.#bytes[bit >>> 3] ^= 1 << (bit & 7);
  }

  copy(): FileImage {
    return new FileImage(this.content());
  }
}
