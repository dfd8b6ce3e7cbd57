import type { Programs } from './program.ts'

/** Programs that touch nothing. */
export const plainPrograms: Programs = {
  true: () => 0,
  false: () => 1,
  echo: ({ argv, out }) => {
    out(`${argv.slice(1).join(' ')}\n`)
    return 0
  },
  sleep: async ({ argv: [, seconds = ''], clock, signal, err }) => {
    const ms = Number(seconds) * 1000
    if (seconds === '' || !(ms >= 0)) {
      err(`sleep: invalid time interval "${seconds}"\n`)
      return 1
    }
    await clock.sleep(ms, { signal })
    return 0
  },
  hostname: ({ system, out }) => {
    out(`${system.hostname}\n`)
    return 0
  },
  env: ({ environment, out }) => {
    for (const [name, value] of Object.entries(environment)) out(`${name}=${value}\n`)
    return 0
  },
  printenv: ({ argv: [, name = ''], environment, out }) => {
    const value = environment[name]
    if (value === undefined) return 1
    out(`${value}\n`)
    return 0
  },
}
