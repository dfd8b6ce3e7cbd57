/** Opens a store together with others and writes one document. */
import { openSqliteStore } from '../../../../src/sqlite-store/index.ts'

const [path = '', key = '', startAt = ''] = process.argv.slice(2)
while (Date.now() < Number(startAt)) {
  // Turns until the common start, so that all create the file at the same moment.
}
const store = openSqliteStore(path)
await store.commit({ put: [{ key, revision: 0, value: key }] })
await store.close()
console.log('done')
