import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The dependencies could not be installed; the message says what is missing. */
export class InstallationError extends Error {}

/** Installs the dependencies if they are not those of the lockfile, else says that they are up to date. */
export async function ensureInstalled(root) {
  if (reasonToInstall(root) !== undefined) {
    const unlock = await lock(root)
    try {
      // Asked again: whoever held the lock before may have done the work.
      const reason = reasonToInstall(root)
      if (reason !== undefined) return await install(root, reason)
    } finally {
      unlock()
    }
  }
  console.log('dependencies: up to date')
}

function reasonToInstall(root) {
  const modules = join(root, 'node_modules')
  if (!existsSync(join(modules, '.modules.yaml'))) return 'node_modules is missing'
  if (!existsSync(join(modules, 'node', 'bin', 'node'))) return 'its Node is missing'
  if (!existsSync(stampFile(root))) return 'nobody knows what is installed'
  if (readFileSync(stampFile(root), 'utf8') !== wanted(root)) return 'the lockfile or a package.json changed'
  return undefined
}

/** A hash of everything that decides what an installation consists of. */
function wanted(root) {
  const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}`)
  const manifests = ['.', 'bench', 'examples', 'integration', ...packages].map((folder) => `${folder}/package.json`)
  const hash = createHash('sha256')
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests]) {
    const path = join(root, file)
    if (existsSync(path)) hash.update(`${file}\0${readFileSync(path, 'utf8')}\0`)
  }
  return hash.digest('hex')
}

async function install(root, reason) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  console.log(`dependencies: installing with ${packageManager}, because ${reason} …`)
  const started = performance.now()
  const { code, output } = await capture('npx', ['-y', packageManager, 'install', '--frozen-lockfile'], root)
  if (code !== 0) throw new InstallationError(`${output}\n${explain(code, output)}`)
  writeFileSync(stampFile(root), wanted(root))
  console.log(`dependencies: installed in ${Math.round((performance.now() - started) / 1000)} s`)
}

function explain(code, output) {
  if (code === 'ENOENT') return 'npx is missing: install npm, then try again.'
  if (/ERR_PNPM_OUTDATED_LOCKFILE/.test(output)) {
    return 'pnpm-lock.yaml does not fit the package.json files: run pnpm install and commit the lockfile.'
  }
  if (/EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network/i.test(output)) {
    return 'The npm registry does not answer. The first run needs it; later ones do not.'
  }
  return 'The dependencies could not be installed; the reason is above.'
}

function capture(command, args, cwd) {
  return new Promise((resolve) => {
    let output = ''
    const child = spawn(command, args, { cwd, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.on('error', (error) => resolve({ code: error.code, output: error.message }))
    child.on('close', (code) => resolve({ code, output }))
  })
}

/** What npm tells its scripts about itself would be taken for settings by the npx and pnpm below it. */
function environment() {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^npm_(command|execpath|lifecycle_|package_|config_(local_prefix|global_prefix|prefix)$)/i.test(name),
  )
  const { NODE_ENV: _, NODE_OPTIONS: __, ...environment } = Object.fromEntries(kept)
  return { ...environment, CI: 'true' }
}

async function lock(root) {
  const file = join(root, 'node_modules', '.vmunit-installing')
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  for (let waits = 0; ; waits++) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      return () => rmSync(file, { force: true })
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (!isAlive(holder(file))) {
      rmSync(file, { force: true })
      continue
    }
    if (waits === 0) console.log('dependencies: waiting for another process that installs them …')
    await sleep(200)
  }
}

function holder(file) {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    return process.pid
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function stampFile(root) {
  return join(root, 'node_modules', '.vmunit-installed')
}
