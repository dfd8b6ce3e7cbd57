import { type CloneRequest, readClone } from './clone-request.ts'
import type { Exchange, Handler } from './exchange.ts'
import type { Gaps } from './gaps.ts'
import { faultBody, type Reference } from './soap.ts'
import { refuseByTask } from './stand-in.ts'
import { type EndedTask, runForClient } from './task-answer.ts'
import { type Answer, answerOf } from './upstream.ts'
import { escapeXml } from './xml.ts'

const notSupported = faultBody('NotSupported', 'The operation is not supported on the object.')

async function finishClone(clone: CloneRequest, machine: Reference, { platform }: Gaps): Promise<void> {
  if (!clone.powerOn) return
  await platform.direct.run('PowerOnVM_Task', machine)
  await platform.guests.show(machine, true)
}

/** Has vcsim make the clone, and shows it as long as clones take. */
async function makeClone(clone: CloneRequest, exchange: Exchange, gaps: Gaps): Promise<Answer> {
  const { platform, creations } = gaps
  const { answer, task, result } = await creations.identifying(
    async (): Promise<EndedTask> =>
      await platform.lock.hold(clone.source.value, async () => {
        const content = clone.content(await platform.cloneOptions(clone.source, clone.extraConfig))
        const call = { method: 'CloneVM_Task', target: clone.source, content }
        const ended = await platform.cloning(
          clone.source,
          async () => await runForClient(exchange, call, { ...gaps, direct: platform.direct }),
          clone.host,
        )
        if (ended.task === undefined || ended.result === undefined) return ended
        const machine: Reference = { type: 'VirtualMachine', value: ended.result }
        platform.lineage.set(machine.value, clone.source.value)
        if (clone.guest !== undefined) platform.guests.set(machine.value, clone.guest)
        const finish = async (): Promise<void> => {
          await finishClone(clone, machine, gaps)
        }
        await creations.begin({ task: ended.task, machine, finish })
        return ended
      }),
  )
  exchange.call.note({ task: task?.value, created: result })
  return answer
}

/** `CloneVM_Task` as vCenter does it: unique names, extraConfig of the source, customization, power, time. */
export function cloneHandler(gaps: Gaps): Handler {
  const { platform } = gaps
  const handle = async (exchange: Exchange, clone: CloneRequest): Promise<Answer> => {
    return await platform.lock.hold(`${clone.folder.value}/${clone.name}`, async () => {
      const namesake = await platform.childNamed(clone.folder, clone.name)
      if (namesake === undefined) return await makeClone(clone, exchange, gaps)
      const object = `<object type="${namesake.type}">${namesake.value}</object>`
      const refusal = {
        fault: 'DuplicateName',
        fields: `<name>${escapeXml(clone.name)}</name>${object}`,
        name: 'CloneVM_Task',
        entity: clone.source,
        folder: clone.folder,
      }
      return await refuseByTask(exchange, refusal, gaps)
    })
  }
  return (exchange) => {
    if (exchange.request.method !== 'CloneVM_Task') return undefined
    if (gaps.isEsx) return Promise.resolve(answerOf(notSupported, 500))
    const clone = readClone(exchange.request, gaps.networks)
    return clone === undefined ? undefined : handle(exchange, clone)
  }
}
