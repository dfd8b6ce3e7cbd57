import * as z from 'zod'
import { schemas, templateParser } from '../domain/parsers.ts'
import type { Parser } from '../domain/plain.ts'
import type { Principal } from '../domain/principal.ts'
import type { Template } from '../domain/template.ts'
import { commitUpdates } from '../engine/commit-updates.ts'
import { configured } from '../engine/configured.ts'
import { keys, plain } from '../engine/documents.ts'
import { VmunitError } from '../errors/index.ts'
import type { Call, HypervisorDriver, StateStore } from '../ports/index.ts'
import { parseInput } from './parse-input.ts'
import { checkMayWork } from './rights.ts'

export interface RegisterTemplate {
  readonly name: string
  /** A key of `ManagerOptions.hypervisors`. */
  readonly hypervisor: string
  /** The platform's id of an image that exists; it becomes version 1. */
  readonly image: string
  readonly note?: string | undefined
}

/** The records of templates; new versions come from `patchTemplate`. */
export interface Templates {
  /** Rejects with `ERR_ALREADY_EXISTS`. */
  register(template: RegisterTemplate, call?: Call): Promise<Template>
  /** Rejects with `ERR_NOT_FOUND`. */
  get(name: string, call?: Call): Promise<Template>
  /** All templates with all their versions, by name; rights to units do not matter. */
  list(call?: Call): Promise<readonly Template[]>
}

const registerParser: Parser<RegisterTemplate> = z.object({
  name: schemas.name,
  hypervisor: z.string().min(1),
  image: z.string().min(1),
  note: z.string().optional(),
})

export interface TemplatesOptions {
  readonly store: StateStore
  readonly principal: Principal
  readonly hypervisors: Readonly<Record<string, HypervisorDriver>>
}

export function createTemplates({ store, principal, hypervisors }: TemplatesOptions): Templates {
  return {
    async register(given, call = {}) {
      // What is stored is read by every plan: one wrong record would stop all of them.
      const { name, hypervisor, image, note = '' } = parseInput(registerParser, given, 'templates.register')
      checkMayWork(principal, 'register templates')
      configured(new Map(Object.entries(hypervisors)), 'hypervisor', hypervisor)
      const version = { template: name, number: 1, image, state: 'active', note } as const
      const template: Template = { name, hypervisor, versions: [version] }
      const update = (value: unknown): ReturnType<typeof plain> => {
        if (value === undefined) return plain(template)
        throw new VmunitError(
          'ERR_ALREADY_EXISTS',
          `There is a template ${name} already. Patch it with patchTemplate, or choose another name.`,
          {
            details: { template: name },
          },
        )
      }
      await commitUpdates(store, { updates: [{ key: keys.template(name), update }] }, call)
      return template
    },
    async get(name, call = {}) {
      const [document] = await store.get([keys.template(name)], call)
      if (document === undefined) {
        throw new VmunitError(
          'ERR_NOT_FOUND',
          `There is no template ${name}. List them with manager.templates.list().`,
          { details: { template: name } },
        )
      }
      return templateParser.parse(document.value)
    },
    async list(call = {}) {
      const templates: Template[] = []
      for await (const { value } of store.list('template/', call)) templates.push(templateParser.parse(value))
      return templates
    },
  }
}
