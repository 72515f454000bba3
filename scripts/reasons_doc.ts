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

Names are the running kernel's own, without \`SKB_DROP_REASON_\`, except those for which Microsoft Retina has another name. This page lists
all reasons of Linux 5.10, 6.1, 6.12 and 6.18. Reasons of newer kernels are published too. Their class is \`unclassified\`, and the metric
\`dropreason.receiver.reason.unclassified\` reports them.
`;

const UNKNOWN = `## UNKNOWN_DROP by kernel function

If the kernel gives no reason for a drop, the function that freed the packet determines its class. This requires kernel symbols
(CAP_SYSLOG). Drops by other functions stay \`unclassified\`. The attribute \`code.function.name\` shows the function.
`;

const BESIDE = `If the kernel gives reasons (Linux 5.17 and later, without \`drop_reasons: function\`), these functions take precedence. There,
packets that they free without a reason are the following:

- **TCP**: segments for a connection that has ended. These are the peer's FIN that reaches TIME_WAIT at every ordinary close, late
  duplicates, acknowledgements after the peer's FIN, and data after the program has closed, which is answered with a reset. Before Linux
  6.15 also the end of a handshake that finds the accept queue full; \`nstat -az TcpExtListenOverflows\` counts those.
- **UDP**: broadcast and multicast that no socket here wants (\`nstat -az UdpIgnoredMulti\`).
- **\`ip_rcv_finish_core\`**: multicast that nobody here has joined. On kernels without \`IP_INVALID_SOURCE\` (Linux 6.12 and before) also
  packets with an impossible source or destination (martians); \`sysctl net.ipv4.conf.all.log_martians=1\` logs those.
- **\`__dev_queue_xmit\`**: packets for a device that is down.
`;

const OLD = `## Kernels without reasons

Before Linux 5.17 the kernel gives no reasons. If kernel symbols can be read, these functions determine the reason. Packets that other
functions free are \`UNKNOWN_DROP\`.
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

/** Functions grouped by the reason or class that they determine. */
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
