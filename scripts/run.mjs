// Runs a TypeScript file of this repository on a machine that has nothing but Node 20 and npm. Plain JavaScript, because
// the installed Node may be older than the one the repository works with, which is a dependency like any other.
import { spawn } from 'node:child_process'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureInstalled, InstallationError } from './install.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const [file, ...args] = process.argv.slice(2)

if (Number.parseInt(process.versions.node, 10) < 20) {
  stop(`This needs Node 20 or newer; this is Node ${process.versions.node}.`)
}
if (file === undefined) stop('Usage: node scripts/run.mjs FILE.ts [ARGUMENT…]', 64)

try {
  await ensureInstalled(root)
} catch (error) {
  if (!(error instanceof InstallationError)) throw error
  stop(error.message)
}
run()

function run() {
  const modules = join(root, 'node_modules')
  const bin = join(modules, 'node', 'bin')
  const options = ['--conditions=@vmunit/source', '--disable-warning=ExperimentalWarning']
  const child = spawn(join(bin, 'node'), [...options, resolve(root, file), ...args], {
    stdio: 'inherit',
    env: { ...process.env, PATH: [bin, join(modules, '.bin'), process.env.PATH].join(delimiter) },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the child itself; a second one would mean "exit at once".
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on('error', (error) => stop(`Cannot start the Node of node_modules/node: ${error.message}`))
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

function stop(message, code = 1) {
  process.stderr.write(`${message}\n`)
  process.exit(code)
}
