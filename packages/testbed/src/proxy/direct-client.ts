import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { isReading } from './methods.ts'
import { retryReading } from './retry-reading.ts'
import { objectsOf } from './rewrite.ts'
import {
  bodyElement,
  callBody,
  envelope,
  faultMessage,
  faultName,
  type Reference,
  referenceOf,
  referenceXml,
} from './soap.ts'
import type { Turns } from './turns.ts'
import { childOf, contentOf, descend, elementsIn, escapeXml, textOf, type XmlElement } from './xml.ts'

/** A fault that vcsim answered. */
export interface SoapFault extends Error {
  readonly fault: string
}

/** One object of an answer, its properties as XML. */
export interface PropertyObject {
  readonly reference: Reference
  /** The content of each value. */
  readonly properties: ReadonlyMap<string, string>
  /** The whole `val` elements. */
  readonly vals: ReadonlyMap<string, string>
}

export interface DirectClientOptions {
  readonly url: URL
  readonly username: string
  readonly password: string
  readonly turns: Turns
}

/** A session of the testbed itself, straight to vcsim: the proxy neither sees, records nor disturbs it. */
export interface DirectClient extends Disposable {
  /** Sends one call and answers with the document. Rejects with a `SoapFault`. */
  call(method: string, target: Reference, content?: string): Promise<string>
  /** Runs a `_Task` method to its end; answers with the content of its result. Rejects with the task's fault. */
  run(method: string, target: Reference, content?: string): Promise<string>
  /** The properties of objects, or of everything that a container view would show below the root folder. */
  read(type: string, paths: readonly string[], ids?: readonly string[]): Promise<readonly PropertyObject[]>
  /** The managers and the root folder by their names in `ServiceContent`: a vCenter and an ESXi host differ in them. */
  content(): Promise<ReadonlyMap<string, Reference>>
  close(): void
}

export const serviceInstance: Reference = { type: 'ServiceInstance', value: 'ServiceInstance' }
const pollMs = 5

function soapFault(fault: string, message: string): SoapFault {
  return Object.assign(new Error(`${fault}: ${message}`), { fault })
}

/** The objects in an answer of the property collector. */
export function readObjects(xml: string): readonly PropertyObject[] {
  return [...objectsOf(xml)].map((object) => readObject(xml, object))
}

function readObject(xml: string, object: XmlElement): PropertyObject {
  const properties = new Map<string, string>()
  const vals = new Map<string, string>()
  let reference: Reference = { type: '', value: '' }
  for (const element of elementsIn(xml, object.contentStart, object.contentEnd)) {
    if (element.name === 'obj') {
      reference = referenceOf(xml, element)
    } else if (element.name === 'propSet') {
      const [name, value] = [childOf(xml, element, 'name'), childOf(xml, element, 'val')]
      if (name === undefined || value === undefined) continue
      properties.set(textOf(xml, name), contentOf(xml, value))
      vals.set(textOf(xml, name), xml.slice(value.start, value.end))
    }
  }
  return { reference, properties, vals }
}

/** Which fault ended a task, from the content of its `info.error`. */
function faultOfTask(error: string): SoapFault {
  const name = /<fault [^>]*type="(?:\w+:)?(\w+)"/.exec(error)?.[1] ?? 'RuntimeFault'
  return soapFault(name, /<localizedMessage>([^<]*)</.exec(error)?.[1] ?? '')
}

/** Opens a session when the first call needs it. */
export function createDirectClient(options: DirectClientOptions): DirectClient {
  const agent = new Agent({ keepAlive: true })
  let known: Promise<ReadonlyMap<string, Reference>> | undefined
  let login: Promise<string> | undefined
  let rootView: Promise<Reference> | undefined

  const post = async (body: string, cookie: string | undefined): Promise<{ xml: string; cookie: string }> => {
    const headers = { 'content-type': 'text/xml; charset=utf-8', ...(cookie === undefined ? {} : { cookie }) }
    const outgoing = request(options.url, { agent, method: 'POST', headers })
    const { promise, resolve, reject } = Promise.withResolvers<{ xml: string; cookie: string }>()
    outgoing.once('error', reject).once('response', (incoming) => {
      const received = incoming.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
      text(incoming).then((xml) => {
        resolve({ xml, cookie: received })
      }, reject)
    })
    outgoing.end(envelope(body))
    return await promise
  }

  const readContent = async (): Promise<ReadonlyMap<string, Reference>> => {
    const { xml } = await post(callBody('RetrieveServiceContent', serviceInstance, ''), undefined)
    const returned = descend(xml, bodyElement(xml), ['returnval'])
    const elements = returned === undefined ? [] : [...elementsIn(xml, returned.contentStart, returned.contentEnd)]
    return new Map(elements.map((element) => [element.name, referenceOf(xml, element)]))
  }

  const content = async (): ReturnType<typeof readContent> => {
    known ??= readContent()
    return await known
  }

  const manager = async (name: string): Promise<Reference> => {
    const reference = (await content()).get(name)
    if (reference === undefined) throw new Error(`vcsim has no ${name}`)
    return reference
  }

  const openSession = async (): Promise<string> => {
    const { username, password } = options
    const names = `<userName>${escapeXml(username)}</userName><password>${escapeXml(password)}</password>`
    const answer = await post(callBody('Login', await manager('sessionManager'), names), undefined)
    const fault = faultName(answer.xml)
    if (fault !== undefined) throw soapFault(fault, faultMessage(answer.xml))
    return answer.cookie
  }

  const call: DirectClient['call'] = async (method, target, content) =>
    isReading(method)
      ? await send(method, target, content)
      : await options.turns.change(async () => await send(method, target, content))

  const send = async (method: string, target: Reference, content = ''): Promise<string> => {
    login ??= openSession()
    const cookie = await login
    const { xml } = await retryReading(method, async () => await post(callBody(method, target, content), cookie))
    const fault = faultName(xml)
    if (fault !== undefined) throw soapFault(fault, faultMessage(xml))
    return xml
  }

  const createRootView = async (): Promise<Reference> => {
    const container = `${referenceXml('container', await manager('rootFolder'))}<recursive>true</recursive>`
    const xml = await call('CreateContainerView', await manager('viewManager'), container)
    const view = descend(xml, bodyElement(xml), ['returnval'])
    return { type: 'ContainerView', value: view === undefined ? '' : textOf(xml, view) }
  }

  const wholeInventory = async (): Promise<string> => {
    rootView ??= createRootView()
    const traversal = '<type>ContainerView</type><path>view</path><skip>false</skip>'
    const select = `<selectSet xsi:type="TraversalSpec">${traversal}</selectSet>`
    return `<objectSet>${referenceXml('obj', await rootView)}<skip>true</skip>${select}</objectSet>`
  }

  const read: DirectClient['read'] = async (type, paths, ids) => {
    if (ids?.length === 0) return []
    const pathSet = paths.map((path) => `<pathSet>${escapeXml(path)}</pathSet>`).join('')
    const objects =
      ids?.map((value) => `<objectSet>${referenceXml('obj', { type, value })}</objectSet>`).join('') ??
      (await wholeInventory())
    const spec = `<specSet><propSet><type>${type}</type>${pathSet}</propSet>${objects}</specSet><options/>`
    return readObjects(await call('RetrievePropertiesEx', await manager('propertyCollector'), spec))
  }

  const taskResult = async (task: string): Promise<string | undefined> => {
    const [object] = await read('Task', ['info.state', 'info.error', 'info.result'], [task])
    const state = object?.properties.get('info.state')
    if (state === 'error') throw faultOfTask(object?.properties.get('info.error') ?? '')
    return state === 'success' ? (object?.properties.get('info.result') ?? '') : undefined
  }

  const run: DirectClient['run'] = async (method, target, content) =>
    await options.turns.change(async () => await runToEnd(method, target, content))

  const runToEnd: DirectClient['run'] = async (method, target, content) => {
    const xml = await call(method, target, content)
    const task = descend(xml, bodyElement(xml), ['returnval'])
    if (task === undefined) throw new Error(`${method} did not answer with a task`)
    for (;;) {
      const result = await taskResult(textOf(xml, task))
      if (result !== undefined) return result
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
  }

  const close = (): void => {
    agent.destroy()
  }
  return { call, run, read, content, close, [Symbol.dispose]: close }
}
