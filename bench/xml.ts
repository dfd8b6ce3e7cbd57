import { parseVirtualServerInfo } from '@vmunit/xml-schema'
import { XMLParser } from 'fast-xml-parser'

const SERVERS = 10_000
const ROUNDS = 11
const WARM_UP = 5

/** Reads and checks a group information file of 10,000 servers; the peer only parses it, and checks nothing. */
export async function run(
  report: (row: {
    name: string
    value: number
    peer: number
    ratio: number
    bar: number
    unit: string
    peerName: string
  }) => void,
): Promise<void> {
  const xml = groupFile(SERVERS)
  const peerOptions = { ignoreAttributes: false, parseTagValue: false, parseAttributeValue: false }
  const ours: number[] = []
  const peers: number[] = []
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const own = elapsedMs(() => parseVirtualServerInfo(xml).reduce((sum, group) => sum + group.servers.length, 0))
    const peer = elapsedMs(() => new XMLParser(peerOptions).parse(xml))
    if (own.result !== SERVERS) throw new Error(`Expected ${SERVERS} servers, but read ${own.result}.`)
    if (round < WARM_UP) continue
    ours.push(own.ms)
    peers.push(peer.ms)
  }
  const value = median(ours)
  const peer = median(peers)
  report({
    name: 'parse and validate virtualserver-info.xml, 10,000 servers',
    value,
    peer,
    ratio: value / peer,
    bar: 2.3,
    unit: 'ms',
    peerName: 'fast-xml-parser, parsing only',
  })
}

function groupFile(servers: number): string {
  const lines = [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<virtualserver-info xmlns="http://www.cosminexus.com/mngsvr/schema/VirtualServerInfo-1.0">',
  ]
  for (let group = 0; group < servers / 2; group++) {
    const host = `${group >> 8}.${group & 255}`
    lines.push(
      `  <group name="vmgroup_${group}">`,
      `    <virtualserver tier="web" ip="10.1.${host}" port="20580" serviceip="10.3.${host}"/>`,
      `    <virtualserver tier="application" ip="10.2.${host}" port="20580" serviceip="10.4.${host}"/>`,
      '  </group>',
    )
  }
  lines.push('</virtualserver-info>', '')
  return lines.join('\n')
}

function elapsedMs<T>(work: () => T): { readonly ms: number; readonly result: T } {
  const start = performance.now()
  const result = work()
  return { ms: performance.now() - start, result }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}
