import { once } from 'node:events'
import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'
import type { Vcenter } from '@vmunit/testbed'
import { SaxesParser } from 'saxes'

export type Id = readonly [type: string, value: string]

/** A tiny client of its own, so that no test trusts the code that it tests. */
export interface SoapSession extends Disposable {
  /** The property collector, once logged in. */
  collector(): Id
  /** Answers with the document; a fault rejects with its name as message. */
  call(method: string, target: Id, content?: string): Promise<string>
  /** Calls and waits for the task; answers with its result, rejects with the name of its fault. */
  run(method: string, target: Id, content?: string): Promise<string>
  read(id: Id, paths: readonly string[]): Promise<Readonly<Record<string, string>>>
  task(id: string): Promise<{ readonly state: string; readonly result: string; readonly fault: string }>
  login(): Promise<void>
}

const xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'

/** Rejects documents that no strict parser would take. */
function checkWellFormed(xml: string): void {
  const parser = new SaxesParser({ xmlns: true })
  parser.on('error', (error) => {
    throw error
  })
  parser.write(xml).close()
}

export function typed(name: string, [type, value]: Id): string {
  return `<${name} type="${type}">${value}</${name}>`
}

export function option(key: string, value: string): string {
  return `<extraConfig xsi:type="OptionValue"><key>${key}</key><value xsi:type="xsd:string">${value}</value></extraConfig>`
}

export function returned(xml: string): string {
  return /<returnval[^>]*>([^<]*)</.exec(xml)?.[1] ?? ''
}

export function openSession(vcenter: Pick<Vcenter, 'url' | 'ca' | 'username' | 'password'>): SoapSession {
  const agent = new Agent({ keepAlive: true, ca: vcenter.ca })
  let cookie = ''
  let collector: Id = ['PropertyCollector', '']

  const call: SoapSession['call'] = async (method, target, content = '') => {
    const body = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ${xsi}><s:Header><operationID>op-1</operationID></s:Header><s:Body><v:${method} xmlns:v="urn:vim25" xmlns="urn:vim25">${typed('_this', target)}${content}</v:${method}></s:Body></s:Envelope>`
    const outgoing = request(vcenter.url, {
      agent,
      method: 'POST',
      headers: { 'content-type': 'text/xml', 'user-agent': 'test-client', ...(cookie === '' ? {} : { cookie }) },
    })
    outgoing.end(body)
    const [incoming] = await once(outgoing, 'response')
    const xml = await text(incoming)
    if (incoming.statusCode === 503) throw new Error('http 503')
    if (!xml.startsWith('<')) throw new Error(xml)
    checkWellFormed(xml)
    const fault = /<(\w+)Fault [^>]*type="(\w+)"/.exec(xml)
    if (incoming.statusCode !== 200) throw new Error(fault?.[2] ?? `http ${incoming.statusCode}`)
    const set = incoming.headers['set-cookie']?.[0]
    if (set !== undefined) cookie = set.split(';')[0]
    return xml
  }

  const read: SoapSession['read'] = async ([type, value], paths) => {
    const wanted = paths.map((path) => `<pathSet>${path}</pathSet>`).join('')
    const spec = `<specSet><propSet><type>${type}</type>${wanted}</propSet><objectSet>${typed('obj', [type, value])}</objectSet></specSet><options/>`
    const xml = await call('RetrievePropertiesEx', collector, spec)
    const found = [...xml.matchAll(/<propSet><name>([^<]*)<\/name><val[^>]*>([^]*?)<\/val><\/propSet>/g)]
    return Object.fromEntries(found.map(([, name, content]) => [name, content]))
  }

  const task: SoapSession['task'] = async (id) => {
    const { info = '' } = await read(['Task', id], ['info'])
    return {
      state: /<state>(\w+)</.exec(info)?.[1] ?? '',
      result: /<result[^>]*>([^<]*)</.exec(info)?.[1] ?? '',
      fault: /<fault [^>]*type="(\w+)"/.exec(info)?.[1] ?? '',
    }
  }

  return {
    collector: () => collector,
    call,
    read,
    task,
    run: async (method, target, content) => {
      const id = returned(await call(method, target, content))
      for (;;) {
        const { state, result, fault } = await task(id)
        if (state === 'success') return result
        if (state === 'error') throw new Error(fault)
        if (state === '') throw new Error('the task tells nothing')
      }
    },
    login: async () => {
      const names = `<userName>${vcenter.username}</userName><password>${vcenter.password}</password>`
      const content = await call('RetrieveServiceContent', ['ServiceInstance', 'ServiceInstance'])
      const manager = (type: string): Id => [type, new RegExp(`type="${type}">([^<]*)<`).exec(content)?.[1] ?? '']
      collector = manager('PropertyCollector')
      await call('Login', manager('SessionManager'), names)
    },
    [Symbol.dispose]: () => {
      agent.destroy()
    },
  }
}

/** A clone specification: what is left out is as a client would leave it out. */
export function cloneContent(
  vcenter: Vcenter,
  name: string,
  parts: {
    readonly config?: string
    readonly customization?: string
    readonly powerOn?: boolean
    readonly host?: string
  } = {},
): string {
  const { folder, pool } = vcenter.hands.places
  const config = parts.config === undefined ? '' : `<config>${parts.config}</config>`
  const customization = parts.customization === undefined ? '' : `<customization>${parts.customization}</customization>`
  const host = parts.host === undefined ? '' : typed('host', ['HostSystem', parts.host])
  const location = `<location>${typed('pool', [pool.type, pool.value])}${host}</location>`
  const spec = `<spec>${location}<template>false</template>${config}${customization}<powerOn>${parts.powerOn === true}</powerOn></spec>`
  return `${typed('folder', [folder.type, folder.value])}<name>${name}</name>${spec}`
}

/** A customization with host name and fixed addresses. */
export function customized(hostname: string, addresses: readonly string[]): string {
  const identity = `<identity xsi:type="CustomizationLinuxPrep"><hostName xsi:type="CustomizationFixedName"><name>${hostname}</name></hostName><domain>invalid</domain></identity>`
  const adapters = addresses.map(
    (address) =>
      `<nicSettingMap><adapter><ip xsi:type="CustomizationFixedIp"><ipAddress>${address}</ipAddress></ip><subnetMask>255.0.0.0</subnetMask></adapter></nicSettingMap>`,
  )
  return `<options xsi:type="CustomizationLinuxOptions"/>${identity}<globalIPSettings/>${adapters.join('')}`
}
