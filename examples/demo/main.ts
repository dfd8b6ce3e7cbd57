import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isVmunitError } from '@vmunit/core'
import type { DataCentre } from './data-centre.ts'
import { type DemoOptions, readOptions, USAGE, UsageError } from './options.ts'
import { openScreen } from './screen.ts'
import { openSite } from './site.ts'
import { markFinished, prepareDirectory } from './state-directory.ts'
import { tellStory } from './story.ts'

// The first Ctrl-C pauses at a safe point. The second just exits: a run survives that, as it survives kill -9.
const stop = new AbortController()
const screen = openScreen(process.stdout)
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    if (stop.signal.aborted) process.exit(130)
    screen.heading('Pausing at the next safe point; once more exits at once')
    stop.abort()
  })
}

try {
  const words = process.argv.slice(2)
  if (words.includes('--help')) console.log(USAGE)
  else process.exitCode = await main(readOptions(words))
} catch (error) {
  const { message } = error instanceof Error ? error : new Error(String(error))
  console.error(`\n✗ ${isVmunitError(error) ? `${error.code}: ` : ''}${message}`)
  process.exitCode = error instanceof UsageError ? 64 : 1
}

async function main(options: DemoOptions): Promise<number> {
  const { keep, pace, vsphere } = options
  // Real parts are made anew each time, and with them the store: its machines would be gone.
  const directory = vsphere ? await mkdtemp(join(tmpdir(), 'vmunit-demo-')) : options.directory
  await prepareDirectory(directory)
  const site = await openSite(directory, await openDataCentre(options))
  screen.say(site.dataCentre.title)
  if (!vsphere)
    screen.say(`process ${process.pid}: end it with kill -9 at any moment, start the demo again, and it goes on`)
  try {
    await tellStory(site, { screen, pace, signal: stop.signal })
    await markFinished(directory)
    return 0
  } catch (error) {
    if (!stop.signal.aborted || !(error === stop.signal.reason || isVmunitError(error, 'ERR_PAUSED'))) throw error
    const next = vsphere ? 'The machines end with this process' : 'Start the demo again, and it goes on from here'
    screen.heading(`Paused. ${next}`)
    return 130
  } finally {
    if (keep) screen.say(`the data centre stays up in ${directory} until the demo starts again`)
    await site.close({ keep })
    if (vsphere) await rm(directory, { recursive: true })
  }
}

/** Loads what is needed only: the drivers of real parts are not for those who watch the simulator. */
async function openDataCentre({ directory, vsphere }: DemoOptions): Promise<DataCentre> {
  if (vsphere) return await (await import('./vsphere-data-centre.ts')).openVsphereDataCentre()
  return await (await import('./simulated-data-centre.ts')).openSimulatedDataCentre(directory)
}
