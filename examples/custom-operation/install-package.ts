import { defineOperation, type Operation, procedure, steps } from '@vmunit/core'
import { type LogBook, noteIn } from './log-book.ts'

export interface InstallPackageInput {
  readonly unit: string
  readonly package: string
}

/** Installs a package on all servers of a unit, one group after another, and notes each group in the log book. */
export function createInstallPackage(logBook: LogBook): Operation<InstallPackageInput, string> {
  const note = noteIn(logBook)
  return defineOperation<InstallPackageInput, string>({
    name: 'example.installPackage',
    version: 1,
    input: { parse: parseInput },
    scope: ({ unit }) => ({ unit }),
    kinds: [steps.runJob, note],
    plan(input, world) {
      const unit = procedure.unitOf(world, input.unit)
      const reason = `install ${input.package}`
      // In each group: first all servers side by side, then the note.
      const procedures = unit.groups.map(({ name, servers }): procedure.GroupProcedure => {
        const installs = servers.map(({ slot, address, port, machine }) => {
          const guest = { hypervisor: unit.hypervisor, machine: machine?.id, address, port }
          const job = { guest, argv: ['dnf', '-y', 'install', input.package], timeoutMs: 600_000 }
          return [procedure.draft(steps.runJob, { id: `${slot}/install@${input.package}`, server: slot, input: job })]
        })
        const text = `${input.package} installed on ${name}`
        const lines = [[procedure.draft(note, { id: `${name}/note@${input.package}`, input: { text } })]]
        return {
          change: { group: name, action: 'patch', reason, disturbs: false, expects: [] },
          stages: [
            { name: 'install', lanes: installs },
            { name: 'note', lanes: lines },
          ],
          back: [],
        }
      })
      return {
        claims: unit.groups.map(({ name }) => procedure.groupClaim(unit.name, name)),
        servers: unit.groups
          .flatMap(({ servers }) => servers)
          .map(({ slot, address }) => ({ server: slot, address, action: 'patch', reason })),
        phases: procedure.rolling('install', procedures, [{ groups: 1 }]),
      }
    },
    result: (_plan, { outcomes }) => `${outcomes.filter(({ status }) => status === 'changed').length} servers changed`,
  })
}

function parseInput(value: unknown): InstallPackageInput {
  const { unit, package: wanted } = value as Partial<InstallPackageInput>
  if (typeof unit !== 'string' || typeof wanted !== 'string') throw new TypeError('needs { unit, package }')
  return { unit, package: wanted }
}
