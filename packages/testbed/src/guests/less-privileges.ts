/**
 * What no guest needs and the machine would suffer from: a guest shares kernel, clock and network with it. A guest is no
 * prison all the same, and only for programs that may also run on the machine.
 */
const DROPPED = 'sys_module,sys_rawio,sys_time,net_admin,sys_nice,mac_admin,mac_override,syslog,bpf,perfmon'

/** Put before a command: it and whatever it starts can never change what all guests share with the machine. */
export const LESS_PRIVILEGES = ['setpriv', '--bounding-set', DROPPED.replaceAll(/(?<=^|,)/g, '-'), '--'] as const
