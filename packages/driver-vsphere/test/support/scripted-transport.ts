import type { Transport, VimRequest } from '../../src/index.ts'

/** The inside of the response element to a request: `<returnval>…</returnval>`, or nothing; or a {@link faultElement}. */
export type Script = (request: VimRequest) => string | Promise<string>

const CONTENT = [
  'rootFolder',
  'propertyCollector',
  'viewManager',
  'searchIndex',
  'taskManager',
  'sessionManager',
  'eventManager',
]

/** A transport that answers as a script says: for what no vcsim can be brought to say. */
export function scriptedTransport(script: Script): Transport {
  const close = async (): Promise<void> => {}
  return {
    session: { renew: async () => {} },
    send: async (request) => {
      const content = CONTENT.map((name) => `<${name} type="${name}">${name}</${name}>`).join('')
      const isContent = request.method === 'RetrieveServiceContent'
      const inside = isContent ? `<returnval>${content}</returnval>` : await script(request)
      const isFault = inside.startsWith('<e:Fault>')
      const answer = isFault ? inside : `<${request.method}Response>${inside}</${request.method}Response>`
      const body = `<e:Envelope xmlns:e="e" xmlns:xsi="i"><e:Body>${answer}</e:Body></e:Envelope>`
      return { status: isFault ? 500 : 200, body }
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** An object of an answer of the property collector. */
export function objectElement(type: string, id: string, values: Readonly<Record<string, string>>): string {
  const sets = Object.entries(values).map(
    ([path, value]) => `<propSet><name>${path}</name><val xsi:type="string">${value}</val></propSet>`,
  )
  return `<objects><obj type="${type}">${id}</obj>${sets.join('')}</objects>`
}

/** A refusal, as vCenter writes it. */
export function faultElement(name: string): string {
  return `<e:Fault><faultcode>ServerFaultCode</faultcode><faultstring/><detail><${name}Fault xmlns="urn:vim25" xsi:type="${name}"/></detail></e:Fault>`
}
