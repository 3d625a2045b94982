/** Kept for the next bodies at most; what is beyond is left to the garbage collector. */
const IDLE_BYTES_MAX = 32 << 20;
/** Sizes are powers of two from this on, so that a buffer suits many bodies. */
const SIZE_MIN = 64 << 10;

/**
 * Memory in which bodies that came in several pieces are put together. It is used again, since large buffers that come and go
 * are what the garbage collector would run for most.
 */
export class BodyBuffers {
  private readonly idle = new Map<number, Buffer[]>();
  private idleBytes = 0;

  /** A buffer of at least `bytes` bytes, whatever it holds. */
  take(bytes: number): Buffer {
    const size = Math.max(SIZE_MIN, 2 ** Math.ceil(Math.log2(bytes)));
    const buffer = this.idle.get(size)?.pop();
    if (buffer === undefined) return Buffer.allocUnsafeSlow(size);
    this.idleBytes -= size;
    return buffer;
  }

  /** Gives a buffer back that take() gave, once nobody reads it any more. */
  give(buffer: Buffer): void {
    const size = buffer.length;
    if (this.idleBytes + size > IDLE_BYTES_MAX) return;
    this.idleBytes += size;
    const same = this.idle.get(size);
    if (same === undefined) this.idle.set(size, [buffer]);
    else same.push(buffer);
  }
}
