/** Tells who waits what takes its time, or is missing; standard output belongs to the program that uses the testbed. */
export function tell(text: string): void {
  process.stderr.write(`testbed: ${text}\n`)
}
