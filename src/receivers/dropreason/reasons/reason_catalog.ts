import type { ReasonClass } from './reason_class.ts';

/** What an operator wants to know of a reason. Commands stand in backquotes; DEVICE and the like are theirs to fill in. */
export interface ReasonEntry {
  readonly class: ReasonClass;
  /** What it means, and what usually causes it. */
  readonly meaning: string;
  /** What to look at next. */
  readonly lookAt: string;
}

/**
 * Every reason that is published on Linux 5.10, 6.1, 6.12 and 6.18, by subject. test/fixtures/reasons/ has the lists of the
 * kernels, from their type information; the test compares. It says what names mean, and never gives them: a name that isn't
 * here is published all the same, as `unclassified`. Facts are those of include/net/dropreason-core.h,
 * net/mac80211/drop.h and net/openvswitch/drop.h, and of the places in the kernel where each is given.
 */
export const REASON_CATALOG: Readonly<Record<string, Readonly<Record<string, ReasonEntry>>>> = {
  'Netfilter, failed calls, and what has no reason': {
    IPTABLE_RULE_DROP: {
      class: 'policy',
      meaning:
        'A netfilter rule dropped the packet: iptables, nftables or ebtables, on any hook and for any family. A chain whose policy is drop does it too, and so does the packet that a REJECT rule answers.',
      lookAt:
        '`nft list ruleset` and `iptables-save -c` show rules with counters where there are some; `nft monitor trace` after a rule with `meta nftrace set 1` names the rule. IPTABLE_NAT_DROP and CONNTRACK_ADD_DROP are counted apart where their hooks are attached (`dropreason doctor`).',
    },
    IPTABLE_NAT_DROP: {
      class: 'policy',
      meaning: 'NAT dropped the packet: a drop in a nat chain, or no free port or address was left to translate to.',
      lookAt:
        '`nft list ruleset` or `iptables -t nat -nvL`; with masquerading, how many connections go to one destination (`conntrack -L`), and a wider port range (`--to-ports`, more addresses to translate to).',
    },
    CONNTRACK_ADD_DROP: {
      class: 'policy',
      meaning:
        "The packet would have opened a connection that conntrack couldn't add when the packet left: another packet's connection took the same tuple first, typically two DNS queries from one port behind one SNAT.",
      lookAt:
        '`conntrack -S`: insert_failed, drop; `sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max`; random source ports (`--random-fully`) make clashes rare.',
    },
    TCP_CONNECT_BASIC: {
      class: 'call',
      meaning:
        'A TCP connection attempt failed; `error.type` has the errno. ECONNREFUSED: nobody listens there. ETIMEDOUT: no answer. ENETUNREACH and EHOSTUNREACH: no route or no neighbour. EADDRNOTAVAIL: no local port left.',
      lookAt:
        'For EADDRNOTAVAIL `ss -s` and `sysctl net.ipv4.ip_local_port_range`; for ETIMEDOUT `ss -tn state syn-sent` and the firewalls between; for the others `ip route get ADDRESS`. `nstat -az TcpAttemptFails`.',
    },
    TCP_ACCEPT_BASIC: {
      class: 'call',
      meaning:
        "An accept on a TCP socket failed; `error.type` has the errno. EMFILE and ENFILE: no file descriptor left. ECONNABORTED: the peer had gone. EINVAL: the socket isn't listening.",
      lookAt:
        'For EMFILE `ulimit -n` of the server and /proc/PID/limits; for ENFILE `sysctl fs.file-nr`; connections that wait meanwhile: `ss -ltn`, column Recv-Q.',
    },
    TCP_CLOSE_BASIC: {
      class: 'error',
      meaning:
        "A segment arrived for a TCP socket that is closed already (the kernel's TCP_CLOSE). The peer had not learnt of the end yet, or the connection was reset in between.",
      lookAt:
        '`nstat -az TcpEstabResets TcpOutRsts TcpExtTCPAbortOnClose`; a program that closes with data unread makes the peer run into it.',
    },
    UNKNOWN_DROP: {
      class: 'unclassified',
      meaning:
        'The kernel gave no reason. Where kernel symbols can be read, the function that freed the packet decides on the class; XDP_DROP of generic XDP is among them, the FINs of TCP connections that end, multicast that nobody joined, and on Linux 6.1 all of neighbour discovery.',
      lookAt:
        'The attribute `code.function.name` (`receivers.dropreason.attributes`) names the function; `perf trace -e skb:kfree_skb` or `dropwatch -l kas` do for a moment. A newer kernel names more.',
    },
  },
  Sockets: {
    NO_SOCKET: {
      class: 'error',
      meaning:
        "No socket wanted the packet: nobody listens on that port, or the connection is gone. Port scans, a server that isn't up yet, answers that came after the socket was closed, and each refused connection (its SYN).",
      lookAt:
        '`nstat -az UdpNoPorts Udp6NoPorts TcpOutRsts`; `ss -lntu` for what listens. Opt-in attributes and tcpdump tell which port.',
    },
    SOCKET_CLOSE: {
      class: 'benign',
      meaning: 'What was still queued on a socket was thrown away as the socket was closed.',
      lookAt: 'Nothing to do, unless the program meant to read it.',
    },
    SOCKET_FILTER: {
      class: 'policy',
      meaning:
        "A filter that a program attached to its socket (SO_ATTACH_FILTER, SO_ATTACH_BPF, or a cgroup's ingress program) didn't want the packet.",
      lookAt: "`bpftool cgroup tree` shows cgroups' programs; `strace -e setsockopt` shows a program attach a filter of its own.",
    },
    SOCKET_RCVBUFF: {
      class: 'capacity',
      meaning: 'The receive buffer of the socket was full: the program reads more slowly than packets come.',
      lookAt:
        '`nstat -az UdpRcvbufErrors Udp6RcvbufErrors TcpExtTCPRcvQDrop`; `ss -uamp` (the `d` of skmem is drops of that socket); raise SO_RCVBUF and `sysctl net.core.rmem_max net.core.rmem_default`.',
    },
    SOCKET_BACKLOG: {
      class: 'capacity',
      meaning: 'The socket was locked by its program, and the queue of packets that wait for it meanwhile was full.',
      lookAt:
        '`nstat -az TcpExtTCPBacklogDrop`; larger receive and send buffers (`sysctl net.ipv4.tcp_rmem net.ipv4.tcp_wmem`), and a program that holds the CPU less long.',
    },
    PROTO_MEM: {
      class: 'capacity',
      meaning:
        "The memory for all sockets of the protocol was used up (tcp_mem, udp_mem); for TCP also where data came that the socket's own receive buffer had no room for.",
      lookAt:
        '/proc/net/sockstat against `sysctl net.ipv4.tcp_mem net.ipv4.udp_mem`; `nstat -az UdpMemErrors TcpExtTCPRcvQDrop TcpExtTCPMemoryPressures`.',
    },
    PACKET_SOCK_ERROR: {
      class: 'capacity',
      meaning:
        "A packet socket (tcpdump, a DHCP client, an intrusion detector) couldn't take its copy: its ring or its buffer was full. The packet itself went on.",
      lookAt: 'The "dropped by kernel" of tcpdump; a larger capture buffer (`tcpdump -B`); `ss -0amp` names the programs.',
    },
    UNIX_DISCONNECT: {
      class: 'benign',
      meaning: 'A unix socket threw away what was queued from a peer that it no longer is connected to. No network packet.',
      lookAt: 'Nothing to do.',
    },
    UNIX_SKIP_OOB: {
      class: 'benign',
      meaning: 'A unix socket passed over out-of-band data that was read already or not asked for. No network packet.',
      lookAt: 'Nothing to do.',
    },
    QUEUE_PURGE: {
      class: 'benign',
      meaning:
        'A whole queue was thrown away at once: a socket was closed with packets unread, a device or a neighbour entry went away.',
      lookAt:
        'Nothing to do where it goes with sockets that close; where it goes with devices, `ip monitor link` and `ip monitor neigh` tell which.',
    },
  },
  TCP: {
    TCP_CSUM: {
      class: 'error',
      meaning:
        'The TCP checksum is wrong: a broken cable, card, driver or tunnel on the way, seldom a sender that relied on an offload that nobody did.',
      lookAt: '`nstat -az TcpInCsumErrors`; `ethtool -S DEVICE`, `ethtool -k DEVICE` (rx-checksumming, tx-checksumming).',
    },
    TCP_AUTH_HDR: {
      class: 'error',
      meaning: 'The header has both a TCP-MD5 and a TCP-AO option, one of them twice, or one that is malformed.',
      lookAt: "The peer's configuration of TCP-MD5 or TCP-AO (BGP daemons); `tcpdump -v` shows the options.",
    },
    TCP_MD5NOTFOUND: {
      class: 'error',
      meaning: "The connection is to be signed with TCP-MD5, and the segment isn't: usually a BGP peer without the password.",
      lookAt: '`nstat -az TcpExtTCPMD5NotFound`; the passwords of both peers.',
    },
    TCP_MD5UNEXPECTED: {
      class: 'error',
      meaning: 'The segment is signed with TCP-MD5, and no key was set for that peer here.',
      lookAt: '`nstat -az TcpExtTCPMD5Unexpected`; the passwords of both peers.',
    },
    TCP_MD5FAILURE: {
      class: 'error',
      meaning: 'The TCP-MD5 signature is wrong: the passwords differ, or something on the way rewrites addresses.',
      lookAt: '`nstat -az TcpExtTCPMD5Failure`; the passwords of both peers, NAT between them.',
    },
    TCP_AONOTFOUND: {
      class: 'error',
      meaning: 'The connection is to be authenticated by TCP-AO, and the segment has no such option.',
      lookAt: '`nstat -az TcpExtTCPAORequired`; the TCP-AO keys of both peers.',
    },
    TCP_AOUNEXPECTED: {
      class: 'error',
      meaning: 'The segment is authenticated by TCP-AO, and no key was set for that peer here.',
      lookAt: '`nstat -az TcpExtTCPAOKeyNotFound`; the TCP-AO keys of both peers.',
    },
    TCP_AOKEYNOTFOUND: {
      class: 'error',
      meaning: "The segment names a TCP-AO key that isn't known here, as while keys are rolled over.",
      lookAt: '`nstat -az TcpExtTCPAOKeyNotFound`; the key ids of both peers.',
    },
    TCP_AOFAILURE: {
      class: 'error',
      meaning: 'The TCP-AO authentication code is wrong: the keys differ, or the segment was changed on the way.',
      lookAt: '`nstat -az TcpExtTCPAOBad`; the TCP-AO keys of both peers, NAT between them.',
    },
    TCP_FLAGS: {
      class: 'error',
      meaning:
        'The TCP flags make no sense in the state of the connection, such as a segment that has neither ACK, RST nor SYN, or a SYN with FIN to a listener. Scanners send such.',
      lookAt: "`tcpdump 'tcp[tcpflags] & (tcp-syn|tcp-ack|tcp-rst) == 0'`.",
    },
    TCP_ABORT_ON_DATA: {
      class: 'error',
      meaning: "Data came for a connection whose program had closed it and can't read it any more; it was answered with a reset.",
      lookAt: '`nstat -az TcpExtTCPAbortOnData TcpExtTCPAbortOnClose`; which side closes too early.',
    },
    TCP_ZEROWINDOW: {
      class: 'capacity',
      meaning:
        "Data came while the receive window was closed: the program doesn't read, and the peer sent all the same (a probe of the window counts too).",
      lookAt: "`nstat -az TcpExtTCPZeroWindowDrop TcpExtTCPToZeroWindowAdv`; `ss -tmi`, column Recv-Q, for who doesn't read.",
    },
    TCP_OLD_DATA: {
      class: 'benign',
      meaning:
        "All of the segment's data had been received already: the peer sent it again because an acknowledgement was late or lost.",
      lookAt:
        "Many of them point at lost acknowledgements or a peer's short timers: `nstat -az TcpExtDelayedACKLost TcpExtTCPDSACKOldSent`.",
    },
    TCP_OVERWINDOW: {
      class: 'error',
      meaning:
        'The data begins beyond the receive window: a peer that ignores the window, or a middlebox that changes sequence numbers.',
      lookAt: '`ss -ti`; `nstat -az TcpExtTCPZeroWindowDrop TcpExtBeyondWindow` (the latter on new kernels).',
    },
    TCP_OFOMERGE: {
      class: 'benign',
      meaning: 'The data lies in the queue of what came out of order already: a duplicate.',
      lookAt: '`nstat -az TcpExtTCPOFOMerge`; many of them mean loss or reordering on the path.',
    },
    TCP_RFC7323_PAWS: {
      class: 'error',
      meaning:
        "The segment's timestamp is older than the last one (PAWS): an old duplicate, or several machines behind one address whose clocks differ.",
      lookAt: '`nstat -az TcpExtPAWSEstab`; NAT or a load balancer before the peer; `sysctl net.ipv4.tcp_timestamps`.',
    },
    TCP_RFC7323_PAWS_ACK: {
      class: 'benign',
      meaning: 'A mere acknowledgement with an older timestamp than the last one: acknowledgements overtook one another.',
      lookAt: '`nstat -az TcpExtPAWSOldAck`; it harms nothing.',
    },
    TCP_RFC7323_TW_PAWS: {
      class: 'error',
      meaning:
        "A SYN came for a connection in TIME-WAIT with an older timestamp than that one's: several machines behind one address, or a port that was used again very soon.",
      lookAt: '`nstat -az TcpExtPAWSTimewait`; `ss -tan state time-wait`; NAT before the peer.',
    },
    TCP_RFC7323_TSECR: {
      class: 'error',
      meaning: 'The segment echoes a timestamp that was never sent in this handshake.',
      lookAt: '`nstat -az TcpExtTSEcrRejected`; a middlebox, or forged segments.',
    },
    TCP_LISTEN_OVERFLOW: {
      class: 'capacity',
      meaning: 'The accept queue of the listening socket was full as a handshake was completed: the server accepts too slowly.',
      lookAt:
        "`nstat -az TcpExtListenOverflows TcpExtListenDrops`; `ss -ltn` (Recv-Q against Send-Q); the server's backlog and `sysctl net.core.somaxconn`.",
    },
    TCP_OLD_SEQUENCE: {
      class: 'benign',
      meaning: 'The segment lies before what is expected: a duplicate of something received long ago.',
      lookAt:
        'Many of them mean that the peer retransmits needlessly, or loss of acknowledgements: `nstat -az TcpExtTCPDSACKOldSent`.',
    },
    TCP_INVALID_SEQUENCE: {
      class: 'error',
      meaning:
        "The sequence number isn't within the receive window: an old connection with the same ports, a middlebox, or a forged segment.",
      lookAt: '`nstat -az TcpExtTCPChallengeACK TcpExtTCPACKSkippedSeq`; `conntrack -E` for ports that are used again.',
    },
    TCP_INVALID_END_SEQUENCE: {
      class: 'error',
      meaning: 'The segment ends beyond the receive window: the peer sent more than it was allowed.',
      lookAt: '`nstat -az TcpExtBeyondWindow`; `ss -ti`; a proxy or a card that merges segments.',
    },
    TCP_INVALID_ACK_SEQUENCE: {
      class: 'error',
      meaning: 'In the handshake the segment acknowledges what was never sent, or what was acknowledged before.',
      lookAt: '`nstat -az TcpExtTCPACKSkippedSynRecv`; ports that are used again very soon, forged segments.',
    },
    TCP_RESET: {
      class: 'error',
      meaning:
        "A reset that doesn't fit: its sequence number isn't the one expected, or it came to a listening socket. It was ignored.",
      lookAt:
        '`nstat -az TcpExtTCPChallengeACK`; scanners and forged resets, or a firewall that sends resets with wrong numbers.',
    },
    TCP_INVALID_SYN: {
      class: 'error',
      meaning:
        'A SYN within an established connection: the peer has restarted and uses the same ports, or it is forged. A challenge went back.',
      lookAt: '`nstat -az TcpExtTCPSYNChallenge`.',
    },
    TCP_FASTOPEN: {
      class: 'error',
      meaning: "The socket of a TCP Fast Open request that isn't complete refused the segment.",
      lookAt: '`nstat -az | grep TCPFastOpen`; `sysctl net.ipv4.tcp_fastopen`.',
    },
    TCP_OLD_ACK: {
      class: 'benign',
      meaning:
        'An acknowledgement that is older than the last one, yet within the window: acknowledgements overtook one another.',
      lookAt: 'Nothing to do.',
    },
    TCP_TOO_OLD_ACK: {
      class: 'error',
      meaning:
        "An acknowledgement that is so old that it can't be honest; a challenge went back. Blind attacks look like it, and so does a very confused middlebox.",
      lookAt: '`nstat -az TcpExtTCPChallengeACK`.',
    },
    TCP_ACK_UNSENT_DATA: {
      class: 'error',
      meaning: 'An acknowledgement of data that was not sent yet: forged, or a middlebox that changes numbers.',
      lookAt: '`nstat -az TcpExtTCPChallengeACK`; `ss -ti`.',
    },
    TCP_OFO_QUEUE_PRUNE: {
      class: 'capacity',
      meaning: 'Data that had come out of order was thrown away for want of memory; the peer has to send it again.',
      lookAt: '`nstat -az TcpExtOfoPruned TcpExtRcvPruned TcpExtPruneCalled`; `sysctl net.ipv4.tcp_rmem net.ipv4.tcp_mem`.',
    },
    TCP_OFO_DROP: {
      class: 'benign',
      meaning: 'Data that waited out of order had meanwhile been received another time.',
      lookAt: 'Many of them mean loss or reordering on the path: `nstat -az TcpExtTCPOFOQueue`.',
    },
    TCP_MINTTL: {
      class: 'policy',
      meaning:
        "The packet's TTL or hop limit is below the least that the program asked for (IP_MINTTL, IPV6_MINHOPCOUNT): BGP daemons do so against packets from afar.",
      lookAt: "`nstat -az TcpExtTCPMinTTLDrop`; `ttl-security` in the routing daemon's configuration.",
    },
  },
  'UDP and ICMP': {
    UDP_CSUM: {
      class: 'error',
      meaning: 'The UDP checksum is wrong, or missing where IPv6 wants one: a broken cable, card, driver or tunnel on the way.',
      lookAt: '`nstat -az UdpInCsumErrors Udp6InCsumErrors`; `ethtool -S DEVICE`, `ethtool -k DEVICE`.',
    },
    ICMP_CSUM: {
      class: 'error',
      meaning: 'The ICMP checksum is wrong.',
      lookAt: '`nstat -az IcmpInCsumErrors Icmp6InCsumErrors`; `ethtool -S DEVICE`.',
    },
    INVALID_PROTO: {
      class: 'error',
      meaning: "ICMP that isn't to be answered or makes no sense, such as a timestamp request to a broadcast address.",
      lookAt: '`nstat -az IcmpInErrors`; `tcpdump icmp`.',
    },
  },
  'IP: receiving and routing': {
    OTHERHOST: {
      class: 'benign',
      meaning:
        "The frame is for another machine's address: the interface is in promiscuous mode (a bridge, a capture), or a switch floods.",
      lookAt: "`ip -d link show DEVICE` (promiscuity); the switch's address table where there are many.",
    },
    PKT_TOO_SMALL: {
      class: 'error',
      meaning: 'The packet is shorter than its headers say.',
      lookAt: '`nstat -az IpExtInTruncatedPkts Ip6InTruncatedPkts UdpInErrors`; the sender, or a tunnel that cuts.',
    },
    PKT_TOO_BIG: {
      class: 'error',
      meaning:
        "The packet is larger than the next hop's MTU and may not be cut up; the sender was told by ICMP. Without that answer the connection hangs.",
      lookAt:
        '`nstat -az IpFragFails Ip6InTooBigErrors`; `ip link` and `ip route get ADDRESS` for MTUs; ICMP filtered on the way, TCP MSS of tunnels.',
    },
    IP_CSUM: {
      class: 'error',
      meaning: 'The checksum of the IPv4 header is wrong.',
      lookAt: '`nstat -az IpExtInCsumErrors`; `ethtool -S DEVICE`.',
    },
    IP_INHDR: {
      class: 'error',
      meaning:
        'The IP header is malformed, or the TTL or hop limit ran out on a router: traceroute does so on purpose, a routing loop does so much.',
      lookAt: '`nstat -az IpInHdrErrors Ip6InHdrErrors IcmpOutTimeExcds Icmp6OutTimeExcds`; `traceroute` for a loop.',
    },
    IP_RPFILTER: {
      class: 'policy',
      meaning:
        'Reverse path filter: the route back to the source leads through another interface. Asymmetric routing, several default routes, or forged sources.',
      lookAt:
        "`sysctl -a | grep '\\.rp_filter'` (1 strict, 2 loose); `nstat -az TcpExtIPReversePathFilter`; `ip route get SOURCE`; `sysctl net.ipv4.conf.all.log_martians=1`.",
    },
    UNICAST_IN_L2_MULTICAST: {
      class: 'policy',
      meaning: 'A unicast IP packet in a multicast or broadcast frame, which this machine is told to refuse.',
      lookAt: '`sysctl -a | grep drop_unicast_in_l2_multicast`.',
    },
    XFRM_POLICY: {
      class: 'policy',
      meaning: 'An IPsec policy wants the packet protected, and it was not, or not as the policy says.',
      lookAt: '`ip -s xfrm policy`, `ip -s xfrm state`; /proc/net/xfrm_stat (XfrmInNoPols, XfrmInPolBlock, XfrmInTmplMismatch).',
    },
    IP_NOPROTO: {
      class: 'error',
      meaning: "Nothing here speaks the packet's IP protocol (GRE, SCTP, … without its module).",
      lookAt: '`nstat -az IpInUnknownProtos Ip6InUnknownProtos`; /proc/net/protocols, `lsmod`.',
    },
    IP_INADDRERRORS: {
      class: 'error',
      meaning: "The destination isn't one that this machine takes or forwards: forwarding is off, or a bad address.",
      lookAt:
        '`sysctl net.ipv4.ip_forward net.ipv6.conf.all.forwarding`; `nstat -az IpInAddrErrors Ip6InAddrErrors`; `ip route get ADDRESS`.',
    },
    IP_INNOROUTES: {
      class: 'error',
      meaning: 'A packet that was to be forwarded has no route, or one of type unreachable or prohibit.',
      lookAt: '`nstat -az IpExtInNoRoutes Ip6InNoRoutes`; `ip route get DESTINATION from SOURCE iif DEVICE`.',
    },
    IP_OUTNOROUTES: {
      class: 'error',
      meaning:
        "A packet of this machine has no route any more; a new socket's send without a route makes no packet and isn't here.",
      lookAt: '`nstat -az IpOutNoRoutes Ip6OutNoRoutes`; `ip route get ADDRESS`, `ip monitor route`.',
    },
    IP_LOCAL_SOURCE: {
      class: 'error',
      meaning:
        "A packet came from outside with one of this machine's own addresses as its source: a loop, a duplicate address, or forged.",
      lookAt: "`sysctl net.ipv4.conf.all.log_martians=1` and the kernel's log; `sysctl -a | grep accept_local`; `arping -D`.",
    },
    IP_INVALID_SOURCE: {
      class: 'error',
      meaning: "The source can't be one: multicast, broadcast, or 0.0.0.0 where that isn't allowed.",
      lookAt: "`nstat -az IpInAddrErrors`; log_martians and the kernel's log.",
    },
    IP_LOCALNET: {
      class: 'error',
      meaning: 'An address of 127.0.0.0/8 came from outside, as source or destination.',
      lookAt: '`sysctl -a | grep route_localnet`; log_martians; a DNAT rule to 127.0.0.1.',
    },
    IP_INVALID_DEST: {
      class: 'error',
      meaning: 'The destination can not be one, such as 0.0.0.0.',
      lookAt: "log_martians and the kernel's log; the sender.",
    },
    IPV6DISABLED: {
      class: 'policy',
      meaning: 'IPv6 is turned off on the interface, and a packet came or was to go there.',
      lookAt: '`sysctl -a | grep disable_ipv6`.',
    },
    IPV6_BAD_EXTHDR: {
      class: 'error',
      meaning: 'An IPv6 extension header is malformed, or stands where it may not.',
      lookAt: '`nstat -az Ip6InHdrErrors`; `tcpdump -v ip6`.',
    },
    DUP_FRAG: {
      class: 'benign',
      meaning: 'A fragment came a second time.',
      lookAt: '`nstat -az IpReasmFails Ip6ReasmFails`; many of them mean that the network duplicates packets.',
    },
    FRAG_REASM_TIMEOUT: {
      class: 'error',
      meaning: 'Not all fragments of a datagram came in time, so those that had come are dropped: one was lost or filtered.',
      lookAt:
        '`nstat -az IpReasmTimeout IpReasmFails Ip6ReasmTimeout Ip6ReasmFails`; `sysctl net.ipv4.ipfrag_time net.ipv6.ip6frag_time`; firewalls that refuse fragments.',
    },
    FRAG_TOO_FAR: {
      class: 'error',
      meaning:
        'Between two fragments of one datagram too many others came from that source: identifiers have wrapped around, or fragments are much out of order.',
      lookAt: '`sysctl net.ipv4.ipfrag_max_dist`; `nstat -az IpReasmFails`; avoid fragments (MTU, path MTU discovery).',
    },
    IP_TUNNEL_ECN: {
      class: 'error',
      meaning: "A tunnel's outer and inner header disagree on congestion marks so that the packet must be dropped (RFC 6040).",
      lookAt: '`ip -s -s link show TUNNEL`: frame errors; routers on the path that rewrite the TOS byte.',
    },
  },
  'IPv6 neighbour discovery': {
    IPV6_NDISC_FRAG: {
      class: 'error',
      meaning: 'A message of neighbour discovery in fragments, which RFC 6980 forbids.',
      lookAt: '`sysctl -a | grep suppress_frag_ndisc`; the sender, by `tcpdump icmp6`.',
    },
    IPV6_NDISC_HOP_LIMIT: {
      class: 'error',
      meaning: "A message of neighbour discovery whose hop limit isn't 255: it comes from beyond the link, perhaps an attack.",
      lookAt: '`tcpdump -v icmp6`.',
    },
    IPV6_NDISC_BAD_CODE: {
      class: 'error',
      meaning: "A message of neighbour discovery whose ICMPv6 code isn't 0.",
      lookAt: '`tcpdump -v icmp6`.',
    },
    IPV6_NDISC_BAD_OPTIONS: {
      class: 'error',
      meaning: 'A message of neighbour discovery with malformed options, or without one that it needs.',
      lookAt: '`tcpdump -v icmp6`; `nstat -az Icmp6InErrors`.',
    },
    IPV6_NDISC_NS_OTHERHOST: {
      class: 'benign',
      meaning:
        "A neighbour asks for an address that isn't this machine's: neighbour discovery is multicast to more than the one it is for.",
      lookAt: 'Nothing to do.',
    },
  },
  Neighbours: {
    NEIGH_CREATEFAIL: {
      class: 'capacity',
      meaning: 'No neighbour entry (ARP, neighbour discovery) could be made: the table is full.',
      lookAt:
        'The kernel\'s log ("neighbour: arp_cache: neighbor table overflow!"); `ip neigh | wc -l` against `sysctl net.ipv4.neigh.default.gc_thresh3 net.ipv6.neigh.default.gc_thresh3`; `lnstat -c 1 -k arp_cache:table_fulls`.',
    },
    NEIGH_FAILED: {
      class: 'error',
      meaning: "The neighbour (next hop) doesn't answer to ARP or neighbour discovery: it is down, or its address is wrong.",
      lookAt: '`ip neigh show nud failed`; `arping ADDRESS`; `tcpdump arp or icmp6`.',
    },
    NEIGH_QUEUEFULL: {
      class: 'capacity',
      meaning: "Too many packets wait for a neighbour's link address to be found.",
      lookAt:
        "`sysctl net.ipv4.neigh.default.unres_qlen_bytes`; `ip neigh show nud incomplete`; `lnstat -c 1 -k arp_cache:unresolved_discards`. Mostly the neighbour simply doesn't answer.",
    },
    NEIGH_DEAD: {
      class: 'error',
      meaning:
        'The neighbour entry was being removed as the packet wanted to use it: the interface went down, or the entry was deleted.',
      lookAt: '`ip monitor neigh link`.',
    },
    NEIGH_HH_FILLFAIL: {
      class: 'error',
      meaning: "The link header couldn't be written for the neighbour.",
      lookAt: 'A driver or a tunnel device that changes its type or its address: `ip monitor link`.',
    },
  },
  'Sending: qdiscs, tc, cgroups': {
    BPF_CGROUP_EGRESS: {
      class: 'policy',
      meaning: "An eBPF program of a cgroup refused to let the packet out (systemd's IPAddressDeny=, a container policy).",
      lookAt: '`bpftool cgroup tree`; `systemctl show UNIT -p IPAddressDeny`.',
    },
    SECURITY_HOOK: {
      class: 'policy',
      meaning: 'A security module (SELinux, AppArmor, Smack, an LSM eBPF program) refused the packet.',
      lookAt: '`ausearch -m avc`, `dmesg`; `bpftool prog | grep lsm`.',
    },
    TC_EGRESS: {
      class: 'policy',
      meaning:
        "A tc filter, an action or an eBPF program at tc's egress hook dropped the packet: Cilium and other network plugins do so.",
      lookAt: "`tc -s filter show dev DEVICE egress`; `bpftool net`; the plugin's own drop counters.",
    },
    TC_INGRESS: {
      class: 'policy',
      meaning:
        "A tc filter, an action or an eBPF program at tc's ingress hook dropped the packet: Cilium and other network plugins do so, and policers.",
      lookAt: "`tc -s filter show dev DEVICE ingress`; `bpftool net`; the plugin's own drop counters.",
    },
    TC_COOKIE_ERROR: {
      class: 'error',
      meaning: 'tc lost track of where classification was to go on between two chains or the hardware.',
      lookAt:
        'Rules with `goto chain` that were offloaded: `tc -s filter show dev DEVICE ingress`; `ethtool -k DEVICE | grep hw-tc`.',
    },
    TC_CHAIN_NOTFOUND: {
      class: 'error',
      meaning: "A tc rule sends packets to a chain that isn't there.",
      lookAt: '`tc chain show dev DEVICE`, `tc filter show dev DEVICE`.',
    },
    TC_RECLASSIFY_LOOP: {
      class: 'error',
      meaning: "tc's rules sent the packet round in circles.",
      lookAt: 'Actions `reclassify` and `goto chain` in `tc filter show dev DEVICE`.',
    },
    QDISC_DROP: {
      class: 'capacity',
      meaning:
        "The queueing discipline of the interface didn't take the packet or threw it away: the queue is full, the rate limit is reached, or it drops early to keep delays short.",
      lookAt: '`tc -s qdisc show dev DEVICE`: dropped, overlimits, backlog; a larger limit, or less traffic.',
    },
    QDISC_OVERLIMIT: {
      class: 'capacity',
      meaning: "The queueing discipline's limit of packets or bytes was reached.",
      lookAt: '`tc -s qdisc show dev DEVICE`: dropped, overlimits, limit.',
    },
    QDISC_CONGESTED: {
      class: 'capacity',
      meaning: 'The queueing discipline dropped early to signal congestion (CoDel, RED, PIE and their kin).',
      lookAt: '`tc -s qdisc show dev DEVICE`: dropped, ecn_mark; senders with ECN are marked instead.',
    },
    CAKE_FLOOD: {
      class: 'capacity',
      meaning: "CAKE took the flow for one that doesn't answer to congestion signals (its BLUE queue) and dropped.",
      lookAt: '`tc -s qdisc show dev DEVICE`: un_flows, drops.',
    },
    FQ_BAND_LIMIT: {
      class: 'capacity',
      meaning: "The fq discipline's limit for the packet's priority band was reached.",
      lookAt: "`tc -s qdisc show dev DEVICE`: band drops; fq's `limit`.",
    },
    FQ_HORIZON_LIMIT: {
      class: 'capacity',
      meaning:
        "The packet's time of departure lies further in the future than fq allows: a pacing rate that is very low for what is sent, or a wrong timestamp (SO_TXTIME).",
      lookAt: "`tc -s qdisc show dev DEVICE`: horizon_drops; fq's `horizon`.",
    },
    FQ_FLOW_LIMIT: {
      class: 'capacity',
      meaning: 'One flow had as many packets in the fq discipline as it may.',
      lookAt: "`tc -s qdisc show dev DEVICE`: flows_plimit; fq's `flow_limit`; which program sends without pause.",
    },
    DUALPI2_STEP_DROP: {
      class: 'capacity',
      meaning: "DualPI2 dropped a packet of a low-latency flow that had waited beyond the step threshold and couldn't be marked.",
      lookAt: '`tc -s qdisc show dev DEVICE`: step_mark, drops.',
    },
    RECURSION_LIMIT: {
      class: 'error',
      meaning: 'Sending led from one virtual device to the next too many times: a loop of tunnels or of redirects.',
      lookAt: 'The kernel\'s log ("Dead loop on virtual device"); `ip -d link`, tc redirects.',
    },
  },
  'Receiving: devices, XDP, tunnels': {
    CPU_BACKLOG: {
      class: 'capacity',
      meaning: "The queue of a CPU for received packets was full, or RPS' flow limit held back one large flow.",
      lookAt:
        '/proc/net/softnet_stat, second column (dropped) and eleventh (flow_limit); `sysctl net.core.netdev_max_backlog net.core.flow_limit_cpu_bitmap`; spread the load (RSS, RPS).',
    },
    XDP: {
      class: 'error',
      meaning:
        "Generic XDP could not do what its program wanted of the packet: a redirect that failed. A plain XDP_DROP of generic XDP is UNKNOWN_DROP, and one in the driver isn't counted at all.",
      lookAt: '`bpftool net`; the tracepoints xdp:xdp_redirect_err, xdp:xdp_redirect_map_err and xdp:xdp_exception.',
    },
    UNHANDLED_PROTO: {
      class: 'error',
      meaning: "Nothing here takes frames of that type: LLDP, spanning tree, a VLAN or MPLS that isn't set up.",
      lookAt: '`tcpdump -e` on the interface for the ethertype; /proc/net/ptype; mostly harmless noise of the network.',
    },
    DEV_HDR: {
      class: 'error',
      meaning: 'The header that the device or its driver puts before the packet is invalid (virtio-net, tun).',
      lookAt: '`ethtool -S DEVICE`; the guest or the program behind the tun device.',
    },
    DEV_READY: {
      class: 'error',
      meaning: 'The device was not ready: down, being removed, or without a peer.',
      lookAt: '`ip -d link`, `ip monitor link`.',
    },
    FULL_RING: {
      class: 'capacity',
      meaning:
        "The ring between the kernel and a device's other side was full (tun, tap, vhost: a guest or a VPN program that reads too slowly).",
      lookAt: '`ip -s link show DEVICE`: dropped; `ip link set DEVICE txqueuelen N`; CPU of the guest or program.',
    },
    NOMEM: {
      class: 'capacity',
      meaning: 'There was no memory for a buffer.',
      lookAt: "`free`, the kernel's log (page allocation failure); `sysctl vm.min_free_kbytes`.",
    },
    PFMEMALLOC: {
      class: 'capacity',
      meaning:
        "The packet was in memory that is reserved for emergencies, and its socket isn't one that frees memory: the machine is out of memory.",
      lookAt: '`nstat -az TcpExtPFMemallocDrop`; `free`, `sysctl vm.min_free_kbytes`.',
    },
    HDR_TRUNC: {
      class: 'error',
      meaning: "A header couldn't be read or pulled together: the packet is cut off.",
      lookAt: '`ip -s -s link show DEVICE`: length errors; `tcpdump`.',
    },
    TAP_FILTER: {
      class: 'policy',
      meaning: "An eBPF filter on the tun or tap device (TUNSETFILTEREBPF), or the socket's filter on it, refused the packet.",
      lookAt: "`bpftool prog`; the hypervisor's or VPN's configuration.",
    },
    TAP_TXFILTER: {
      class: 'policy',
      meaning: "The tap device's own address filter (TUNSETTXFILTER) refused the packet.",
      lookAt: "The hypervisor's MAC filter of the guest.",
    },
    SKB_CSUM: {
      class: 'error',
      meaning: "A checksum was wrong or couldn't be computed.",
      lookAt: '`ethtool -S DEVICE`, `ethtool -k DEVICE`; `nstat -az | grep Csum`.',
    },
    SKB_GSO_SEG: {
      class: 'error',
      meaning: "A large packet couldn't be cut into segments for the device.",
      lookAt: "The kernel's log; `ethtool -k DEVICE` (gso, tso); tunnels over devices with odd features.",
    },
    SKB_BAD_GSO: {
      class: 'error',
      meaning:
        "A large packet carries segmentation data that can't be right, mostly from a guest or a packet socket with a forged virtio header.",
      lookAt: "The kernel's log; who sends through virtio-net, tun or AF_PACKET.",
    },
    SKB_UCOPY_FAULT: {
      class: 'error',
      meaning: "Data couldn't be copied to or from a program's memory: a bad address, or zero-copy pages that are gone.",
      lookAt: 'The program behind the tun, tap or vhost device.',
    },
    MAC_INVALID_SOURCE: {
      class: 'error',
      meaning: "The source address of the frame can't be one (multicast or zero), as found by a tunnel or bridge.",
      lookAt: '`tcpdump -e`; the sender.',
    },
    LOCAL_MAC: {
      class: 'error',
      meaning: "A frame arrived with this machine's own address as its source: a loop, or two machines with one address.",
      lookAt: '`bridge fdb`; `ip -s link`; the switch, for loops.',
    },
    MAC_IEEE_MAC_CONTROL: {
      class: 'benign',
      meaning: 'A MAC control frame (pause) reached a bridge; the standard forbids to forward it.',
      lookAt: '`ethtool -a DEVICE`; nothing to do where pause frames are in use.',
    },
    BRIDGE_INGRESS_STP_STATE: {
      class: 'policy',
      meaning: 'The frame came in at a bridge port that spanning tree keeps from forwarding or learning.',
      lookAt: '`bridge -d link` (state); it is the standby side of a redundant link, or a port that has just come up.',
    },
    NO_TX_TARGET: {
      class: 'error',
      meaning: 'A bridge or a tunnel had no port or remote to send the frame to.',
      lookAt: '`bridge fdb show`, `bridge -d link` (flood, isolated, state).',
    },
    ARP_PVLAN_DISABLE: {
      class: 'policy',
      meaning:
        'An ARP request for which this machine would stand in, but the answer would lead back through the interface that it came from, and that is off there.',
      lookAt: '`sysctl -a | grep proxy_arp_pvlan`: turn it on for private VLANs alone.',
    },
    VXLAN_INVALID_HDR: {
      class: 'error',
      meaning:
        "The VXLAN header has bits that the tunnel doesn't expect: another protocol on the port, or an extension (GBP, GPE) on one side alone.",
      lookAt: '`ip -d link show type vxlan` on both sides; `tcpdump port 4789`.',
    },
    VXLAN_VNI_NOT_FOUND: {
      class: 'error',
      meaning: 'The VXLAN packet has a network identifier that no device here has.',
      lookAt: "`ip -d link show type vxlan`, `bridge vni`; a peer that floods to a machine that isn't in that network.",
    },
    VXLAN_ENTRY_EXISTS: {
      class: 'error',
      meaning: "A VXLAN frame's source address is known as a fixed entry at another place, so it isn't believed.",
      lookAt: '`bridge fdb show dev DEVICE`: static entries; addresses that have moved.',
    },
    TUNNEL_TXINFO: {
      class: 'error',
      meaning: 'A packet was given to a tunnel that takes its destination from metadata, and had none (or none that fits).',
      lookAt: '`ip -d link` (external); the route, tc action or eBPF program that is to set the tunnel key.',
    },
    PSP_INPUT: {
      class: 'error',
      meaning: 'PSP (transport encryption) expected the segment of a socket to be encrypted otherwise than it came.',
      lookAt: 'The state of PSP on both sides: `ethtool -S DEVICE`.',
    },
    PSP_OUTPUT: {
      class: 'error',
      meaning: "A segment of a socket with PSP couldn't be sent encrypted through that device.",
      lookAt: 'A route that has moved to another device; `ip route get ADDRESS`.',
    },
    CAN_RX_INVALID_FRAME: {
      class: 'error',
      meaning: "A frame on a CAN interface that isn't a valid CAN frame.",
      lookAt: '`ip -d -s link show DEVICE`; the program or gateway that writes it.',
    },
    CANFD_RX_INVALID_FRAME: {
      class: 'error',
      meaning: "A frame on a CAN interface that isn't a valid CAN FD frame.",
      lookAt: '`ip -d -s link show DEVICE`; whether both sides have FD on.',
    },
    CANXL_RX_INVALID_FRAME: {
      class: 'error',
      meaning: "A frame on a CAN interface that isn't a valid CAN XL frame.",
      lookAt: '`ip -d -s link show DEVICE`.',
    },
  },
  'Open vSwitch': {
    OVS_DROP_LAST_ACTION: {
      class: 'policy',
      meaning: "The flow's actions ended without an output: Open vSwitch's way to say drop.",
      lookAt: '`ovs-dpctl dump-flows` (`actions:drop`); `ovs-appctl ofproto/trace` tells which OpenFlow rule.',
    },
    OVS_DROP_EXPLICIT: {
      class: 'policy',
      meaning: 'The flow has an explicit drop action.',
      lookAt: '`ovs-dpctl dump-flows`; `ovs-appctl coverage/show | grep drop`.',
    },
    OVS_DROP_EXPLICIT_WITH_ERROR: {
      class: 'error',
      meaning: 'ovs-vswitchd set a drop action because translating the OpenFlow rules failed (too deep, no bridge, a recursion).',
      lookAt: '`ovs-appctl coverage/show | grep drop_action`; ovs-vswitchd.log.',
    },
    OVS_DROP_ACTION_ERROR: {
      class: 'error',
      meaning: 'An action of the flow failed in the kernel.',
      lookAt: "`ovs-dpctl dump-flows -m`; the kernel's log.",
    },
    OVS_DROP_METER: {
      class: 'policy',
      meaning: "A meter's rate was exceeded.",
      lookAt: '`ovs-ofctl -O OpenFlow13 meter-stats BRIDGE`.',
    },
    OVS_DROP_RECURSION_LIMIT: {
      class: 'error',
      meaning: 'Actions went too deep into one another: a loop between bridges or of recirculation.',
      lookAt: "The kernel's log; `ovs-appctl ofproto/trace`.",
    },
    OVS_DROP_DEFERRED_LIMIT: {
      class: 'capacity',
      meaning: 'Too many actions of one packet were put off until later.',
      lookAt: 'The kernel\'s log ("deferred action limit reached"); `ovs-appctl ofproto/trace`.',
    },
    OVS_DROP_FRAG_L2_TOO_LONG: {
      class: 'error',
      meaning: 'The link header is too long for the packet to be cut into fragments.',
      lookAt: 'VLAN and MPLS headers, and the MTU of the port: `ovs-dpctl show`.',
    },
    OVS_DROP_FRAG_INVALID_PROTO: {
      class: 'error',
      meaning: "A packet that isn't IP was to be cut into fragments.",
      lookAt: 'The MTU of the port: `ip link`; the flow: `ovs-dpctl dump-flows`.',
    },
    OVS_DROP_CONNTRACK: {
      class: 'error',
      meaning: 'Conntrack refused the packet in a `ct` action.',
      lookAt: '`conntrack -S`; `ovs-appctl dpctl/dump-conntrack`; `sysctl net.netfilter.nf_conntrack_max`.',
    },
    OVS_DROP_IP_TTL: {
      class: 'error',
      meaning: 'A flow was to lower the TTL of a packet whose TTL had run out.',
      lookAt: '`traceroute` for a routing loop between bridges.',
    },
  },
  'Wi-Fi (mac80211)': {
    RX_DROP_MONITOR: {
      class: 'unclassified',
      meaning: 'mac80211 had no use for the frame and gave no closer reason; monitor interfaces still see it.',
      lookAt: '`iw dev DEVICE station dump` (rx drop misc); a capture on a monitor interface.',
    },
    ___RX_DROP_UNUSABLE: {
      class: 'unclassified',
      meaning: 'mac80211 could not use the frame and gave no closer reason.',
      lookAt: '`iw dev DEVICE station dump` (rx drop misc); a capture on a monitor interface.',
    },
    RX_DROP_M_UNEXPECTED_4ADDR_FRAME: {
      class: 'error',
      meaning: "A frame with four addresses from a station that isn't set up for them.",
      lookAt: '`iw dev DEVICE info` (4addr, WDS) on both sides.',
    },
    RX_DROP_M_BAD_BCN_KEYIDX: {
      class: 'error',
      meaning: "A protected beacon names a key that it can't.",
      lookAt: "The access point's beacon protection.",
    },
    RX_DROP_M_BAD_MGMT_KEYIDX: {
      class: 'error',
      meaning: "A protected group management frame names a key that it can't.",
      lookAt: "The access point's management frame protection (802.11w).",
    },
    RX_DROP_U_MIC_FAIL: {
      class: 'error',
      meaning: 'The integrity code of a protected group management frame is wrong.',
      lookAt: 'Keys of management frame protection (802.11w); attacks: `iw event`.',
    },
    RX_DROP_U_REPLAY: {
      class: 'error',
      meaning: "The frame's packet number isn't higher than the last: a replay, or frames much out of order.",
      lookAt: '`iw dev DEVICE station dump`; drivers that reorder; attacks.',
    },
    RX_DROP_U_BAD_MMIE: {
      class: 'error',
      meaning: "A group management frame's integrity element is missing or malformed.",
      lookAt: "The access point's management frame protection (802.11w).",
    },
    RX_DROP_U_DUP: {
      class: 'benign',
      meaning: 'A frame that was received already was sent again: its acknowledgement was lost on the air.',
      lookAt: '`iw dev DEVICE station dump`: rx duplicates; many of them mean a bad link.',
    },
    RX_DROP_U_SPURIOUS: {
      class: 'error',
      meaning: "A frame of a class that the sender may not use in its state, such as data from a station that isn't associated.",
      lookAt: "`iw event`; hostapd's or wpa_supplicant's log.",
    },
    RX_DROP_U_DECRYPT_FAIL: {
      class: 'error',
      meaning: "The frame couldn't be decrypted.",
      lookAt: "Keys on both sides, a rekeying under way; hostapd's or wpa_supplicant's log.",
    },
    RX_DROP_U_NO_KEY_ID: {
      class: 'error',
      meaning: 'The encrypted frame has no valid key number.',
      lookAt: "hostapd's or wpa_supplicant's log; the driver.",
    },
    RX_DROP_U_BAD_CIPHER: {
      class: 'error',
      meaning: 'The frame was encrypted with another cipher than agreed, or with none that is known.',
      lookAt: "Ciphers on both sides: `iw dev DEVICE scan`, wpa_supplicant's configuration.",
    },
    RX_DROP_U_OOM: {
      class: 'capacity',
      meaning: 'There was no memory to process the frame.',
      lookAt: "`free`, the kernel's log.",
    },
    RX_DROP_U_NONSEQ_PN: {
      class: 'error',
      meaning: "The fragments of a frame have packet numbers that don't follow one another: mixed fragments, perhaps an attack.",
      lookAt: '`iw dev DEVICE station dump`; drivers that lose fragments.',
    },
    RX_DROP_U_BAD_KEY_COLOR: {
      class: 'error',
      meaning: 'The fragments of a frame were encrypted with different keys: a rekeying in between, or an attack.',
      lookAt: "hostapd's or wpa_supplicant's log for rekeying.",
    },
    RX_DROP_U_BAD_4ADDR: {
      class: 'error',
      meaning: "A frame with four addresses that isn't allowed on that interface.",
      lookAt: '`iw dev DEVICE info` on both sides.',
    },
    RX_DROP_U_BAD_AMSDU: {
      class: 'error',
      meaning: "An aggregated frame (A-MSDU) that isn't allowed where it came, or is malformed.",
      lookAt: "The peer's driver; attacks on aggregation.",
    },
    RX_DROP_U_BAD_AMSDU_CIPHER: {
      class: 'error',
      meaning: "An aggregated frame (A-MSDU) with a cipher that doesn't protect aggregation (WEP, TKIP).",
      lookAt: 'Ciphers on both sides: use CCMP or GCMP.',
    },
    RX_DROP_U_INVALID_8023: {
      class: 'error',
      meaning: "The frame couldn't be turned into an Ethernet frame: its header is invalid.",
      lookAt: "The peer's driver; a capture on a monitor interface.",
    },
    RX_DROP_U_RUNT_ACTION: {
      class: 'error',
      meaning: 'An action frame that is too short.',
      lookAt: "The peer's driver; a capture on a monitor interface.",
    },
    RX_DROP_U_UNPROT_ACTION: {
      class: 'error',
      meaning: 'An action frame without the protection that it needs.',
      lookAt: 'Management frame protection (802.11w) on both sides; attacks.',
    },
    RX_DROP_U_UNPROT_DUAL: {
      class: 'error',
      meaning: 'A protected dual of a public action frame came without protection.',
      lookAt: 'Management frame protection (802.11w) on both sides.',
    },
    RX_DROP_U_UNPROT_UCAST_MGMT: {
      class: 'error',
      meaning: 'A unicast management frame without protection where it is demanded: a forged deauthentication looks like it.',
      lookAt: '`iw event`; management frame protection (802.11w) on both sides.',
    },
    RX_DROP_U_UNPROT_MCAST_MGMT: {
      class: 'error',
      meaning: 'A group management frame without protection where it is demanded: forged, or keys differ.',
      lookAt: '`iw event`; management frame protection (802.11w) on both sides.',
    },
    RX_DROP_U_UNPROT_BEACON: {
      class: 'error',
      meaning: 'A beacon without protection though the access point protects beacons: perhaps a forged one.',
      lookAt: '`iw event`; other access points of that name: `iw dev DEVICE scan`.',
    },
    RX_DROP_U_UNPROT_UNICAST_PUB_ACTION: {
      class: 'error',
      meaning: 'A unicast public action frame without protection from a peer with protection.',
      lookAt: 'Management frame protection (802.11w) on both sides.',
    },
    RX_DROP_U_UNPROT_ROBUST_ACTION: {
      class: 'error',
      meaning: 'A robust action frame without protection before or within a protected association.',
      lookAt: 'Management frame protection (802.11w) on both sides.',
    },
    RX_DROP_U_ACTION_UNKNOWN_SRC: {
      class: 'error',
      meaning: "An action frame from a station that isn't known here.",
      lookAt: '`iw dev DEVICE station dump`; a station that was disconnected meanwhile.',
    },
    RX_DROP_U_REJECTED_ACTION_RESPONSE: {
      class: 'error',
      meaning: 'An action frame that says "rejected": the peer sent one of ours back that it didn\'t understand.',
      lookAt: 'A capture on a monitor interface, for which action frame.',
    },
    RX_DROP_U_EXPECT_DEFRAG_PROT: {
      class: 'error',
      meaning: 'A fragment of a protected frame came without protection.',
      lookAt: "The peer's driver; attacks on fragmentation.",
    },
    RX_DROP_U_WEP_DEC_FAIL: {
      class: 'error',
      meaning: "A WEP frame couldn't be decrypted.",
      lookAt: 'The WEP keys on both sides; better no WEP.',
    },
    RX_DROP_U_NO_IV: {
      class: 'error',
      meaning: 'An encrypted frame without its initialization vector.',
      lookAt: "The peer's driver; a capture on a monitor interface.",
    },
    RX_DROP_U_NO_ICV: {
      class: 'error',
      meaning: 'An encrypted frame without its integrity value.',
      lookAt: "The peer's driver; a capture on a monitor interface.",
    },
    RX_DROP_U_AP_RX_GROUPCAST: {
      class: 'error',
      meaning: "An access point received a frame to a group, which stations send to it alone: forged, or another access point's.",
      lookAt: '`iw dev DEVICE scan` for access points with the same address.',
    },
    RX_DROP_U_SHORT_MMIC: {
      class: 'error',
      meaning: 'A TKIP frame is too short for its integrity code.',
      lookAt: "The peer's driver; ciphers (use CCMP).",
    },
    RX_DROP_U_MMIC_FAIL: {
      class: 'error',
      meaning: 'The integrity code of a TKIP frame is wrong; two within a minute stop the network for a minute.',
      lookAt: '`iw event` (michael mic failure); keys; use CCMP.',
    },
    RX_DROP_U_SHORT_TKIP: {
      class: 'error',
      meaning: 'A TKIP frame is too short for its headers.',
      lookAt: "The peer's driver; ciphers (use CCMP).",
    },
    RX_DROP_U_TKIP_FAIL: {
      class: 'error',
      meaning: "A TKIP frame couldn't be decrypted.",
      lookAt: 'Keys on both sides; a rekeying under way.',
    },
    RX_DROP_U_SHORT_CCMP: {
      class: 'error',
      meaning: 'A CCMP frame is too short for its headers.',
      lookAt: "The peer's driver; a capture on a monitor interface.",
    },
    RX_DROP_U_SHORT_CCMP_MIC: {
      class: 'error',
      meaning: 'A CCMP frame is too short for its integrity code.',
      lookAt: "The peer's driver; a capture on a monitor interface.",
    },
    RX_DROP_U_SHORT_GCMP: {
      class: 'error',
      meaning: 'A GCMP frame is too short for its headers.',
      lookAt: "The peer's driver; a capture on a monitor interface.",
    },
    RX_DROP_U_SHORT_GCMP_MIC: {
      class: 'error',
      meaning: 'A GCMP frame is too short for its integrity code.',
      lookAt: "The peer's driver; a capture on a monitor interface.",
    },
    RX_DROP_U_SHORT_CMAC: {
      class: 'error',
      meaning: 'A group management frame is too short for its CMAC integrity element.',
      lookAt: "The access point's management frame protection (802.11w).",
    },
    RX_DROP_U_SHORT_CMAC256: {
      class: 'error',
      meaning: 'A group management frame is too short for its CMAC-256 integrity element.',
      lookAt: "The access point's management frame protection (802.11w).",
    },
    RX_DROP_U_SHORT_GMAC: {
      class: 'error',
      meaning: 'A group management frame is too short for its GMAC integrity element.',
      lookAt: "The access point's management frame protection (802.11w).",
    },
    RX_DROP_U_UNEXPECTED_VLAN_4ADDR: {
      class: 'error',
      meaning: "A frame with four addresses for a VLAN interface that isn't set up for them.",
      lookAt: "hostapd's wds_sta and VLAN settings.",
    },
    RX_DROP_U_UNEXPECTED_STA_4ADDR: {
      class: 'error',
      meaning: "A frame with four addresses from a station that isn't in four-address mode.",
      lookAt: '`iw dev DEVICE info` (4addr) on both sides.',
    },
    RX_DROP_U_UNEXPECTED_VLAN_MCAST: {
      class: 'error',
      meaning: 'A frame to a group that came in on a VLAN interface of the access point, where only unicast is expected.',
      lookAt: "hostapd's VLAN settings; the station's driver.",
    },
    RX_DROP_U_NOT_PORT_CONTROL: {
      class: 'policy',
      meaning: "A data frame from a station whose port isn't authorized yet: only the key handshake may pass before that.",
      lookAt: "hostapd's or wpa_supplicant's log: an authentication that doesn't finish.",
    },
    RX_DROP_U_UNKNOWN_ACTION_REJECTED: {
      class: 'error',
      meaning: "An action frame of a kind that isn't known here; it was sent back to the sender as rejected.",
      lookAt: 'A capture on a monitor interface, for which action frame.',
    },
  },
};
