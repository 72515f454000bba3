import { describe, expect, test } from 'vitest';
import { readChain } from '../../../../../src/receivers/dropreason/rows/call_chain.ts';

const NFT = ['nft_do_chain', 'nft_do_chain_inet', 'nf_hook_slow'];

describe('a call chain', () => {
  test.each([
    ['prerouting', [...NFT, 'ip_rcv', '__netif_receive_skb_one_core', 'process_backlog']],
    ['prerouting', ['nf_hook_slow', 'ip_sublist_rcv', 'ip_list_rcv']],
    ['input', [...NFT, 'ip_local_deliver', 'ip_rcv', '__netif_receive_skb_one_core']],
    ['forward', [...NFT, 'ip_forward', 'ip_rcv']],
    ['output', [...NFT, '__ip_local_out', 'ip_send_skb', 'udp_send_skb']],
    ['postrouting', ['nf_hook_slow', 'ip_output', 'ip_send_skb']],
    ['prerouting', [...NFT, 'ipv6_rcv']],
    ['input', [...NFT, 'ip6_input', 'ipv6_rcv']],
    ['forward', [...NFT, 'ip6_forward', 'ipv6_rcv']],
    ['output', [...NFT, 'ip6_xmit', 'tcp_v6_connect']],
    ['postrouting', [...NFT, 'ip6_output', 'ip6_xmit']],
    ['prerouting', [...NFT, 'br_nf_pre_routing', 'nf_hook_bridge_pre', 'br_handle_frame']],
    ['forward', [...NFT, '__br_forward', 'br_forward', 'br_handle_frame_finish', 'br_handle_frame']],
    ['output', [...NFT, '__br_forward', 'br_forward', 'br_dev_xmit', 'dev_hard_start_xmit', '__dev_queue_xmit']],
    ['input', [...NFT, 'arp_rcv', '__netif_receive_skb_one_core']],
    ['output', [...NFT, 'arp_xmit', 'arp_solicit']],
    ['ingress', ['nft_do_chain', 'nft_do_chain_netdev', 'nf_hook_slow', '__netif_receive_skb_core']],
    ['egress', ['nft_do_chain', 'nft_do_chain_netdev', 'nf_hook_slow', '__dev_queue_xmit', 'ip_output']],
    ['unknown', [...NFT, '', 'something_else']],
    ['unknown', []],
  ])('tells %s', (hook, chain) => {
    expect(readChain(chain).hook).toBe(hook);
  });

  test('does not look behind an interrupt: what lies there is of another packet', () => {
    expect(readChain(['nf_hook_slow', 'a_new_function', 'handle_softirqs', '__dev_queue_xmit']).hook).toBe('unknown');
  });

  test('tells NAT by its functions, before the hook', () => {
    expect(readChain(['nft_do_chain', 'nft_nat_do_chain', 'nf_nat_inet_fn', 'nf_hook_slow', 'ip_rcv']).nat).toBe(true);
    expect(readChain(['ipt_do_table', 'nf_nat_inet_fn', 'nf_hook_slow', 'ip_rcv']).nat).toBe(true);
    expect(readChain([...NFT, 'ip_rcv']).nat).toBe(false);
    expect(readChain([...NFT, 'ip_local_deliver', 'nf_nat_inet_fn']).nat).toBe(false);
  });

  test('tells whether a verdict freed it', () => {
    expect(readChain(['nf_hook_slow', 'ip_local_deliver']).byVerdict).toBe(true);
    expect(readChain([...NFT, 'ip_local_deliver']).byVerdict).toBe(false);
  });

  test('names of every object are no functions', () => {
    expect(readChain(['constructor', 'toString']).hook).toBe('unknown');
  });
});
