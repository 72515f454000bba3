/**
 * Why a hook isn't attached, or not on its best rung: the values of the label `why`, which must be short codes. Any other errno of the
 * kernel is used as it is, in lower case.
 */
export const HOOK_WHY = {
  disabled: '`hooks::HOOK::enabled` is false',
  nothing_to_do: 'this hook has nothing to do here: nothing is skipped that it could rescue',
  not_in_list: '`hooks::HOOK::attach` does not list the better rungs',
  slows_calls: 'failed calls are counted where every system call of the node returns, which slows them all (rung `tracepoint`)',
  misses_calls:
    'failed calls are missing: what would count them here slows every system call of the node, and `hooks::HOOK::attach` does not list it (`tracepoint`)',
  eperm: 'the kernel does not permit this kind of program: a capability is missing',
  lockdown: 'the kernel is locked down (`lockdown=confidentiality`), which forbids what these programs need',
  no_kprobes: 'this kernel has no kprobes (CONFIG_KPROBE_EVENTS)',
  no_function: 'this kernel has no function of that name to attach to',
  no_module: 'the module that drops there is not loaded; the hook is attached when it is',
  no_module_types: 'the types of a module cannot be read, which needs CAP_SYS_ADMIN',
  pinned: 'pinned programs were taken over as they were',
  capabilities_dropped: 'nothing can be attached any more (`capabilities: drop`)',
  error: 'attaching failed without an errno',
} as const;
