/**
 * Where lines go that nobody may have to wait for: the log, and what `debug` prints. A disk that is full, or a reader that
 * is slow or has gone away, costs lines; it never ends the agent, blocks it or fills its memory.
 */
export interface Output {
  /**
   * Writes whole lines, and never throws. `done` is called once, before it returns or later: with an error where the lines
   * or a part of them are lost. The next call tries again.
   */
  write(lines: string, done: (error: Error | undefined) => void): void;
}
