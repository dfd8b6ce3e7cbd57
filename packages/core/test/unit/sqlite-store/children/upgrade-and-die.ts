/** Upgrades a store and kills itself before a statement, counted from 1; says `done` when there are fewer. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { connect } from '../../../../src/sqlite-store/connect.ts'
import { migrate } from '../../../../src/sqlite-store/schema.ts'

const [path = '', number = ''] = process.argv.slice(2)
let left = Number(number)

function step(): void {
  left -= 1
  if (left === 0) process.kill(process.pid, 'SIGKILL')
}

const database = connect(path)
const mortal = new Proxy(database, {
  get(target, key) {
    if (key === 'exec') {
      return (sql: string) => {
        for (const statement of sql.split(';')) {
          step()
          target.exec(statement)
        }
      }
    }
    if (key === 'prepare') return (sql: string) => mortalStatement(target.prepare(sql))
    return Reflect.get(target, key) as unknown
  },
}) as DatabaseSync

function mortalStatement(statement: StatementSync): Pick<StatementSync, 'run' | 'get' | 'all' | 'iterate'> {
  return {
    run: (...values: never[]) => {
      step()
      return statement.run(...values)
    },
    get: (...values: never[]) => statement.get(...values),
    all: (...values: never[]) => statement.all(...values),
    iterate: (...values: never[]) => statement.iterate(...values),
  }
}

migrate(mortal)
console.log('done')
