import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { processesOf, runDemo } from './support/demo-process.ts'

/** How long this machine has been up, in seconds. */
async function uptime(): Promise<number> {
  return Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0])
}

/** When a process was started, in seconds after the machine; undefined when it has ended. */
async function startOf(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]) / 100
}

describe('the demo on real parts', () => {
  let output: string
  let endedAt: number

  beforeAll(async () => {
    output = (await runDemo('', '--vsphere')).output()
    endedAt = await uptime()
  }, 240_000)

  it('keeps two groups at work at every moment, as somebody saw who asked every service address all the time', () => {
    expect(output).toMatch(/gyoumu_a: never fewer than [23] of 3 groups served/)
    expect(output).toContain('gyoumu_b: never fewer than 2 of 2 groups served')
  })

  it('puts every server on a machine that descends from the new version, by the record of vCenter', () => {
    const rows = output.slice(output.indexOf('▸ What is really there'))
    const patched = rows.match(/^ +gyoumu_a .* from web-base-2 ← web-base +\/etc\/patched-by-demo found over SSH$/gm)
    expect(patched).toHaveLength(3)
    expect(rows).toMatch(/^ +gyoumu_a .*j2ee-system01\/0 .* from app-base +never patched$/m)
    expect(rows.match(/^ +gyoumu_b .* from web-base +never patched$/gm)).toHaveLength(2)
  })

  it('leaves the other unit on the old version, asked before and after', () => {
    expect(output).toContain('gyoumu_a: patched in 0 of 4 servers before, in 3 afterwards')
    expect(output).toContain('gyoumu_b: patched in 0 of 2 servers before, in 0 afterwards')
  })

  it('changes no machine of others, and leaves no machine over', () => {
    expect(output).toContain('gyoumu_b: 0 of 2 machines were touched')
    expect(output).toContain('machines of strangers with look-alike names: 0 of 2 were touched')
    expect(output).toContain('machines left over: 0')
  })

  it('leaves no guest, mount or process on this machine', async () => {
    const [, group = ''] = /gyoumu_a +127\.77\.(\d+)\.101/.exec(output) ?? []
    const place = `/testbed/instances/${Math.floor(Number(group) / 16)}/`
    // Another testbed may have taken the place already.
    const started = await Promise.all((await processesOf(place)).map(startOf))
    expect(started.filter((at) => at !== undefined && at < endedAt)).toEqual([])
    expect(await readFile('/proc/self/mounts', 'utf8')).not.toContain(place)
  })
})
