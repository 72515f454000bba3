/** What a server says in the body of an error: the message of a Status object in JSON, else the beginning of the text on one line. */
export function serverMessage(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === 'string') return message.slice(0, 1000);
  } catch {
    // Not JSON; possibly a proxy's page.
  }
  return text.replace(/\s+/g, ' ').trim().slice(0, 200);
}
