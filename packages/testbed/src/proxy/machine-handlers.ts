import { optionsIn, readCustomization, withoutElements } from './clone-request.ts'
import type { Exchange, Handler } from './exchange.ts'
import type { Gaps } from './gaps.ts'
import { faultBody, type Reference, referenceOf } from './soap.ts'
import { refuseByTask } from './stand-in.ts'
import { passForClient, runForClient } from './task-answer.ts'
import { type Answer, answerOf } from './upstream.ts'
import { childOf, descend, escapeXml, textOf } from './xml.ts'

/** What the guest of a machine does when it is asked through its tools; set by whoever has real guests. */
export interface GuestPower {
  /** Resolves when the guest has shut down; the machine is powered off then. */
  shutdown(machine: string): Promise<void>
  reboot(machine: string): Promise<void>
}

async function powerOf(machine: Reference, { platform }: Gaps): Promise<string> {
  const [object] = await platform.direct.read('VirtualMachine', ['runtime.powerState'], [machine.value])
  return object?.properties.get('runtime.powerState') ?? ''
}

function invalidPower(existing: string, requested: string): Answer {
  const states = `<requestedState>${requested}</requestedState><existingState>${existing}</existingState>`
  const message = 'The attempted operation cannot be performed in the current state.'
  return answerOf(faultBody('InvalidPowerState', message, states), 500)
}

/** `ReconfigVM_Task`: an option replaces the one of its key, and an empty value takes it out. */
function reconfigureHandler(gaps: Gaps): Handler {
  const handle = async (exchange: Exchange, target: Reference): Promise<Answer> => {
    const { xml, element, method } = exchange.request
    const spec = childOf(xml, element, 'spec')
    return await gaps.platform.lock.hold(target.value, async () => {
      const options = await gaps.platform.writeOptions(target, optionsIn(xml, spec))
      const content = `<spec>${withoutElements(xml, spec, ['extraConfig'])}${options}</spec>`
      const parts = { ...gaps, direct: gaps.platform.direct }
      return (await runForClient(exchange, { method, target, content }, parts)).answer
    })
  }
  return (exchange) => {
    const { xml, element, method, target } = exchange.request
    if (method !== 'ReconfigVM_Task' || target === undefined) return undefined
    const writesOptions = descend(xml, element, ['spec', 'extraConfig']) !== undefined
    return writesOptions ? handle(exchange, target) : undefined
  }
}

/** `CustomizeVM_Task`: the next start has the new addresses. vcsim only has to give a task for it. */
function customizeHandler(gaps: Gaps): Handler {
  const handle = async (exchange: Exchange, target: Reference): Promise<Answer> => {
    const { xml, element } = exchange.request
    const power = await powerOf(target, gaps)
    if (power === 'poweredOn') return invalidPower(power, 'poweredOff')
    const parts = { ...gaps, direct: gaps.platform.direct }
    const call = { method: 'ReconfigVM_Task', target, content: '<spec/>' }
    const { answer, result } = await runForClient(exchange, call, parts)
    const guest = readCustomization(xml, childOf(xml, element, 'spec'), gaps.networks)
    if (result !== undefined && guest !== undefined) gaps.platform.guests.set(target.value, guest)
    return answer
  }
  return (exchange) => {
    const { method, target } = exchange.request
    return method === 'CustomizeVM_Task' && target !== undefined ? handle(exchange, target) : undefined
  }
}

const powerMethods = new Map([
  ['PowerOnVM_Task', true],
  ['PowerOffVM_Task', false],
])

/** Power: the guest shows its addresses from its start to its end. */
function powerHandler(gaps: Gaps): Handler {
  const handle = async (exchange: Exchange, target: Reference, isOn: boolean): Promise<Answer> => {
    const parts = { ...gaps, direct: gaps.platform.direct }
    const call = { method: exchange.request.method, target, content: '' }
    const { answer, result } = await runForClient(exchange, call, parts)
    if (result !== undefined) await gaps.platform.switched(target, isOn)
    return answer
  }
  return (exchange) => {
    const { method, target } = exchange.request
    const isOn = powerMethods.get(method)
    return isOn === undefined || target === undefined ? undefined : handle(exchange, target, isOn)
  }
}

/** `ShutdownGuest`, `RebootGuest`: answered at once; the machine is off when its guest has shut down. */
function guestPowerHandler(gaps: Gaps, guestPower: () => GuestPower | undefined): Handler {
  const shutdown = async (target: Reference): Promise<void> => {
    await guestPower()?.shutdown(target.value)
    if ((await powerOf(target, gaps)) !== 'poweredOn') return
    // Before anybody sees that the machine is off.
    await gaps.platform.published.drop(target)
    await gaps.platform.direct.call('ShutdownGuest', target)
    await gaps.platform.guests.show(target, false)
  }
  const handle = async (exchange: Exchange, target: Reference): Promise<Answer> => {
    const { method } = exchange.request
    const power = await powerOf(target, gaps)
    if (power !== 'poweredOn') return invalidPower(power, 'poweredOn')
    const work = method === 'ShutdownGuest' ? shutdown(target) : guestPower()?.reboot(target.value)
    // A guest that does not do what it is asked for is no failure of the call.
    work?.catch(() => undefined)
    return answerOf(`<${method}Response xmlns="urn:vim25"></${method}Response>`)
  }
  return (exchange) => {
    const { method, target } = exchange.request
    const isGuestPower = method === 'ShutdownGuest' || method === 'RebootGuest'
    return isGuestPower && target !== undefined ? handle(exchange, target) : undefined
  }
}

/** `CreateVM_Task` and `Rename_Task`: a name is unique in its folder. */
function nameHandler(gaps: Gaps): Handler {
  const wanted = async (exchange: Exchange): Promise<{ folder: Reference; name: string } | undefined> => {
    const { xml, element, method, target } = exchange.request
    if (target === undefined) return undefined
    if (method === 'CreateVM_Task') {
      const name = descend(xml, element, ['config', 'name'])
      return name === undefined ? undefined : { folder: target, name: textOf(xml, name) }
    }
    const name = childOf(xml, element, 'newName')
    const [object] = await gaps.platform.direct.read('VirtualMachine', ['parent'], [target.value])
    const parent = childOf(object?.vals.get('parent') ?? '', undefined, 'val')
    if (name === undefined || parent === undefined) return undefined
    return { folder: referenceOf(object?.vals.get('parent') ?? '', parent), name: textOf(xml, name) }
  }
  const handle = async (exchange: Exchange, entity: Reference): Promise<Answer> => {
    const pass = async (): Promise<Answer> =>
      await gaps.platform.alone(async () => await passForClient(exchange, { ...gaps, direct: gaps.platform.direct }))
    const place = await wanted(exchange)
    if (place === undefined) return await pass()
    return await gaps.platform.lock.hold(`${place.folder.value}/${place.name}`, async () => {
      const namesake = await gaps.platform.childNamed(place.folder, place.name)
      if (namesake === undefined) return await pass()
      if (namesake.value === entity.value) return await keepsName(exchange, entity)
      const fields = `<name>${escapeXml(place.name)}</name><object type="${namesake.type}">${namesake.value}</object>`
      const refusal = { fault: 'DuplicateName', fields, name: exchange.request.method, entity, folder: place.folder }
      return await refuseByTask(exchange, refusal, gaps)
    })
  }
  /** vcsim refuses to give a machine the name that it has. */
  const keepsName = async (exchange: Exchange, entity: Reference): Promise<Answer> => {
    const call = { method: 'ReconfigVM_Task', target: entity, content: '<spec/>' }
    return (await runForClient(exchange, call, { ...gaps, direct: gaps.platform.direct })).answer
  }
  return (exchange) => {
    const { method, target } = exchange.request
    const concerns = method === 'CreateVM_Task' || (method === 'Rename_Task' && target?.type === 'VirtualMachine')
    return concerns && target !== undefined ? handle(exchange, target) : undefined
  }
}

/** Evens out what clients do to machines that exist. */
export function machineHandlers(gaps: Gaps, guestPower: () => GuestPower | undefined): readonly Handler[] {
  return [
    reconfigureHandler(gaps),
    customizeHandler(gaps),
    powerHandler(gaps),
    guestPowerHandler(gaps, guestPower),
    nameHandler(gaps),
  ]
}
