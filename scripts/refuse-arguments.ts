/**
 * Ends a program that takes no arguments when it was given some: with its usage, and code 64 unless `--help` asked for it.
 *
 * An argument that nobody reads would otherwise cost half an hour: `npm test -- one.test.ts` would run everything.
 */
export function refuseArguments(usage: string): void {
  const [first] = process.argv.slice(2)
  if (first === undefined) return
  if (first === '--help' || first === '-h') {
    console.log(usage)
    process.exit(0)
  }
  console.error(`There is no argument "${first}".\n${usage}`)
  process.exit(64)
}
