import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
const TRAFFIC = fileURLToPath(new URL('../../build/test/traffic', import.meta.url));
/** An unused address behind the interface. */
const TARGET = '10.244.255.254';

/** A short-lived pod: a network namespace with its own interface. A rule drops all datagrams it sends. */
export class Bed {
  readonly name: string;
  readonly interface: string;
  readonly address: string;

  constructor(number: number) {
    this.name = `dropreason-bed-${process.pid}-${number}`;
    this.interface = `bed${number}`;
    this.address = `10.244.${Math.floor(number / 250) % 250}.${(number % 250) + 1}`;
    const lines = [
      `netns add ${this.name}`,
      `link add ${this.interface} netns ${this.name} type veth peer name peer0 netns ${this.name}`,
      `-n ${this.name} link set peer0 up`,
      `-n ${this.name} addr add ${this.address}/16 dev ${this.interface}`,
      `-n ${this.name} link set ${this.interface} up`,
    ];
    for (const line of lines) execFileSync('ip', line.split(' '), { env: ENV });
    // After the routing decision, when the packet has its device.
    const rule = ['iptables', '-t', 'mangle', '-A', 'POSTROUTING', '-p', 'udp', '-j', 'DROP'];
    execFileSync('ip', ['netns', 'exec', this.name, ...rule], { env: ENV });
  }

  /** Sends datagrams. All are dropped when this returns. */
  drop(count: number): void {
    execFileSync(TRAFFIC, [this.name, '0', 'udp', TARGET, '53', `${count}`, '100'], { env: ENV });
  }

  remove(): void {
    execFileSync('ip', ['netns', 'del', this.name], { env: ENV });
  }
}
