import type { GuestHost } from '@vmunit/testbed'

/** The command lines of the processes of a guest that hold this text, one a line. */
export async function processes(host: GuestHost, id: string, text: string): Promise<string> {
  const { exitCode, stdout } = await host.exec(id, ['ps', '-o', 'args'])
  if (exitCode !== 0) throw new Error('the guest does not list its processes')
  return stdout
    .split('\n')
    .filter((line) => line.includes(text))
    .join('\n')
}
