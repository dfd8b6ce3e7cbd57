import type { Finding } from './diagnosis.ts'
import type { ServerSight } from './look-at-server.ts'

/** Whether the network is to blame for what cannot be reached: nothing that should answer does, and nothing refuses. */
export function isNetworkSuspect(sights: readonly ServerSight[]): boolean {
  const tried = sights.filter(({ access }) => access.type !== 'notTried')
  return tried.length > 1 && tried.every(({ access }) => access.type === 'unreachable' && !access.refused)
}

/** Goes through the parts of one server until one is at fault; what stands behind it cannot be judged. */
export function judgeServer(sight: ServerSight, networkSuspect: boolean): readonly Finding[] {
  const findings: Finding[] = []
  for (const judge of [judgeMachine, networkSuspect ? judgeNetwork : judgeAccess, judgeApplication, judgeBalancer]) {
    const finding = judge(sight)
    if (finding === undefined) continue
    findings.push({ server: sight.server.slot, ...finding })
    if (finding.state !== 'ok') break
  }
  return findings
}

type Judgement = Omit<Finding, 'server'> | undefined

function judgeMachine({ machine, server }: ServerSight): Judgement {
  const part = 'machine'
  if (machine === 'unseen') {
    return {
      part,
      state: 'unknown',
      says: `nobody can tell whether the machine of ${server.address} is there: a part of the hypervisor does not answer`,
      remedy: 'Make the hypervisor answer, then diagnose again.',
    }
  }
  if (machine === 'unbound') {
    return {
      part,
      state: 'ok',
      says: `${server.address} is bound to no machine; its guest is asked directly`,
      remedy: '',
    }
  }
  if (machine === 'absent') {
    return {
      part,
      state: 'fault',
      says: `the machine of ${server.address} does not exist any more`,
      remedy: 'Have the server replaced by a new one.',
    }
  }
  if (machine.power === 'on') return { part, state: 'ok', says: `machine ${machine.id} is on`, remedy: '' }
  if (machine.power === 'unknown') {
    return {
      part,
      state: 'unknown',
      says: `nobody can tell whether machine ${machine.id} is on`,
      remedy: 'Make its host answer, then diagnose again.',
    }
  }
  return {
    part,
    state: 'fault',
    says: `machine ${machine.id} of ${server.address} is ${machine.power}`,
    remedy: 'Find out who switched it off and why, then switch it on and start its group.',
  }
}

function judgeNetwork({ access, server }: ServerSight): Judgement {
  if (access.type !== 'unreachable') return undefined
  return {
    part: 'network',
    state: 'fault',
    says: `${server.address} cannot be reached, and neither can any other server of the unit: ${access.says}`,
    remedy: 'Have the management network checked between the manager and the servers.',
  }
}

function judgeAccess({ access, server }: ServerSight): Judgement {
  const part = 'guestAccess'
  switch (access.type) {
    case 'notTried':
      return undefined
    case 'reached':
      return { part, state: 'ok', says: `the guest at ${server.address} answers`, remedy: '' }
    case 'unreachable':
      return {
        part,
        state: 'fault',
        says: `the guest at ${server.address} does not answer: ${access.says}`,
        remedy: access.refused
          ? 'Its system is up: start its sshd, from the console of the hypervisor.'
          : 'Look at its console: start its sshd if the system is up; if that runs, suspect the network to it.',
      }
    case 'notLetIn':
      return {
        part,
        state: 'fault',
        says: `${server.address} does not let us in: ${access.says}`,
        remedy: entry(access.code),
      }
  }
}

function entry(code: string): string {
  switch (code) {
    case 'ERR_HOST_KEY':
    case 'ERR_HOST_KEY_REUSED':
      return 'Find out why its host key is another one before you trust it.'
    case 'ERR_UNAUTHENTICATED':
      return 'Put the key of the manager back into the guest, or correct the credentials.'
    default:
      return 'Read the message; it is the answer of the guest.'
  }
}

function judgeApplication({ server, access }: ServerSight): Judgement {
  const part = 'application'
  if (server.status.startsWith('fault')) {
    return {
      part,
      state: 'fault',
      says: `${server.address} is ${server.status}: what the manager did last with it failed`,
      remedy: 'Read its logs (collectLogs), repair it, and repeat what failed; or have it replaced.',
    }
  }
  if (access.type !== 'reached' || access.health === 'notAsked') {
    const says = `the application of ${server.address} is ${server.status}, so it is not asked`
    return { part, state: 'ok', says, remedy: '' }
  }
  if (access.health === 'healthy')
    return { part, state: 'ok', says: `the application of ${server.address} serves`, remedy: '' }
  return {
    part,
    state: 'fault',
    says: `the application of ${server.address} should serve and does not: ${access.health.says}`,
    remedy: 'Read its logs (collectLogs), then stop and start its group.',
  }
}

function judgeBalancer({ server, tier, member }: ServerSight): Judgement {
  if (tier.balancer === undefined || server.status !== 'working') return undefined
  const part = 'balancer'
  const { pool } = tier.balancer
  if (member === undefined) {
    return {
      part,
      state: 'unknown',
      says: `the balancer ${tier.balancer.name} does not answer`,
      remedy: 'Make the balancer answer, then diagnose again.',
    }
  }
  const now = member === 'absent' ? 'no member' : member.traffic
  const isWanted = server.traffic === 'in' ? now === 'in' : now !== 'in'
  if (isWanted) return { part, state: 'ok', says: `${server.address} is as it should be in pool ${pool}`, remedy: '' }
  return {
    part,
    state: 'fault',
    says: `${server.address} should be "${server.traffic}" in pool ${pool} and is "${now}"`,
    remedy: 'Somebody changed the balancer by hand: start the group again, which puts it right.',
  }
}
