// Pushes a directory to every guest; prints how long that took from the start of the process.
// node push-tree.mjs <file of guests> <private key file> <tree file> <directory> <hash|size>
import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSshAccess } from '@vmunit/driver-ssh'

const [guestsFile = '', keyFile = '', treeFile = '', directory = '', verify] = process.argv.slice(2)
const { hash, files } = JSON.parse(readFileSync(treeFile, 'utf8'))
const byHash = new Map(files.map((file) => [file.hash, file.path]))
const tree = { hash, files, read: (of) => createReadStream(join(directory, byHash.get(of) ?? '')) }
const targets = JSON.parse(readFileSync(guestsFile, 'utf8'))
const access = createSshAccess({
  username: 'root',
  privateKey: readFileSync(keyFile),
  verify: verify === 'size' ? 'size' : 'hash',
})
await Promise.all(
  targets.map(async (target) => {
    const guest = await access.open(target)
    await guest.push(tree, '/srv/pushed')
  }),
)
process.stdout.write(JSON.stringify({ ms: performance.now() }))
await access.close()
