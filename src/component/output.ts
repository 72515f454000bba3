/**
 * A sink for lines that must never block the agent: the log, and the output of `debug`. A full disk, or a reader that is slow or has gone
 * away, costs lines. It never ends the agent, blocks it or fills its memory.
 */
export interface Output {
  /**
   * Writes whole lines; never throws. Calls `done` once, before or after it returns, with an error if some of the text is lost. The next
   * call tries again.
   */
  write(lines: string, done: (error: Error | undefined) => void): void;
}
