import { explanations } from '../src/receivers/dropreason/reasons/explanations.ts';
import {
  CLASS_BESIDE_REASONS,
  CLASS_OF_FUNCTION,
  REASON_OF_FUNCTION,
} from '../src/receivers/dropreason/reasons/known_functions.ts';
import { REASON_CLASSES } from '../src/receivers/dropreason/reasons/reason_class.ts';

const INTRO = `# Reasons

This page is generated from src/receivers/dropreason/reasons/reasons.yaml (\`npm run generate\`).
\`dropreason explain REASON\` prints the same, with the counts of this node's agent.

Names are the running kernel's own, without \`SKB_DROP_REASON_\`, but for those that Microsoft Retina's users know by another
one. These are all of Linux 5.10, 6.1, 6.12 and 6.18. A name that a newer kernel has is published all the same; its class is
\`unclassified\`, and the metric \`dropreason.receiver.reason.unclassified\` says that it was seen.
`;

const UNKNOWN = `## UNKNOWN_DROP by kernel function

Where kernel symbols can be read (CAP_SYSLOG), the class of a drop to which the kernel gives no reason is told by the function
that freed the packet. Drops by other functions stay \`unclassified\`. The attribute \`code.function.name\` shows the function.
`;

const BESIDE = `Where the kernel gives reasons (Linux 5.17 and later, without \`drop_reasons: function\`), these come first. What TCP frees
there without a reason came to a connection that is over: the peer's FIN that reaches TIME_WAIT at every ordinary close, late
duplicates, acknowledgements after the peer's FIN, and data after the program has closed, which a reset answers. Before Linux
6.15 it is also the end of a handshake that finds the accept queue full: \`nstat -az TcpExtListenOverflows\` counts those. What
UDP frees there without a reason is broadcast and multicast that no socket here wants (\`nstat -az UdpIgnoredMulti\`). What
\`ip_rcv_finish_core\` frees is multicast that nobody here has joined. On kernels without
\`IP_INVALID_SOURCE\` (Linux 6.12 and before) it is also packets whose source or destination is impossible (martians):
\`sysctl net.ipv4.conf.all.log_martians=1\` logs those. What \`__dev_queue_xmit\` frees was for a device that is down.
`;

const OLD = `## Kernels without reasons

Before Linux 5.17 the kernel gives no reasons. Where kernel symbols can be read, these functions tell one; what others free is
\`UNKNOWN_DROP\`.
`;

/** docs/reasons.md. */
export function renderReasonsDoc(): string {
  const all = explanations();
  const subjects = [...new Set(all.map(({ subject }) => subject))].map((subject) => {
    const rows = all
      .filter((one) => one.subject === subject)
      .map(({ reason, class: of, meaning, lookAt }) => [`\`${reason}\``, of, meaning, lookAt]);
    return `## ${subject}\n\n${table(['reason', 'class', 'what it means', 'what to look at'], rows)}`;
  });
  const classes = Object.entries(REASON_CLASSES).map(([name, meaning]) => [`\`${name}\``, meaning]);
  return [
    INTRO,
    table(['class', 'meaning'], classes),
    ...subjects,
    `${UNKNOWN}\n${table(['class', 'functions'], grouped([...CLASS_OF_FUNCTION]))}`,
    `${BESIDE}\n${table(['class', 'functions'], grouped([...CLASS_BESIDE_REASONS]))}`,
    `${OLD}\n${table(['reason', 'functions'], grouped([...REASON_OF_FUNCTION]))}`,
  ].join('\n');
}

/** Pairs of a function and what it tells, by what is told. */
function grouped(pairs: readonly (readonly [string, string])[]): string[][] {
  const told = [...new Set(pairs.map(([, value]) => value))];
  return told.map((value) => [
    `\`${value}\``,
    pairs.flatMap(([name, other]) => (other === value ? [`\`${name}\``] : [])).join(', '),
  ]);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return `${line(head)}|${'---|'.repeat(head.length)}\n${rows.map(line).join('')}`;
}
