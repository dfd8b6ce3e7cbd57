import { isVmunitError } from '@vmunit/core'
import { type DemoOptions, readOptions, UsageError } from './options.ts'
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
  process.exitCode = await main(readOptions(process.argv.slice(2)))
} catch (error) {
  const { message } = error instanceof Error ? error : new Error(String(error))
  console.error(`\n✗ ${isVmunitError(error) ? `${error.code}: ` : ''}${message}`)
  process.exitCode = error instanceof UsageError ? 64 : 1
}

async function main({ directory, keep, pace }: DemoOptions): Promise<number> {
  await prepareDirectory(directory)
  const site = await openSite(directory)
  screen.say(`process ${process.pid}: end it with kill -9 at any moment, start the demo again, and it goes on`)
  try {
    await tellStory(site, { screen, pace, signal: stop.signal })
    await markFinished(directory)
    return 0
  } catch (error) {
    if (!stop.signal.aborted || !(error === stop.signal.reason || isVmunitError(error, 'ERR_PAUSED'))) throw error
    screen.heading('Paused. Start the demo again, and it goes on from here')
    return 130
  } finally {
    if (keep) screen.say(`the data centre stays up in ${directory} until the demo starts again`)
    await site.close({ keepWorld: keep })
  }
}
