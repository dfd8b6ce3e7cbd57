import { describe, expect, it } from 'vitest'
import { writeHostKeys, writeImageMark, writeMarker } from '../../src/machines/bound-json.ts'
import { instanceUuidOf } from '../../src/machines/instance-uuid.ts'
import { machineOf } from '../../src/machines/machine-of.ts'
import { readMachine } from '../../src/machines/read-machine.ts'
import { propertyObject } from '../../src/properties/property-object.ts'
import { escapeXml } from '../../src/soap/escape-xml.ts'
import { parseDocument } from '../../src/soap/parse-document.ts'
import type { XmlNode } from '../../src/soap/xml-node.ts'

const UUID = '5036b0f2-0000-8000-8000-000000000001'
const OTHER = '5036b0f2-0000-8000-8000-000000000002'
const MARKER = { manager: 'm', unit: 'u', slot: 'g/web/0', operationId: 'run/step#1' }

function value(content: string): XmlNode {
  return parseDocument(`<val>${content}</val>`)
}

function options(values: Readonly<Record<string, string>>): XmlNode {
  const all = Object.entries(values).map(
    ([key, text]) => `<OptionValue><key>${key}</key><value>${escapeXml(text)}</value></OptionValue>`,
  )
  return value(all.join(''))
}

function read(extra: Readonly<Record<string, string>>, others: Readonly<Record<string, XmlNode>> = {}) {
  const properties = new Map(
    Object.entries({
      name: value('web%2f1'),
      'runtime.connectionState': value('connected'),
      'runtime.powerState': value('poweredOff'),
      'config.instanceUuid': value(UUID),
      'config.template': value('false'),
      'config.extraConfig': options(extra),
      ...others,
    }),
  )
  return readMachine(propertyObject({ type: 'VirtualMachine', id: 'vm-1' }, properties))
}

describe('a machine', () => {
  it('is ours when its marker names the id that it has', () => {
    const facts = read({ 'vmunit.marker': writeMarker(MARKER, UUID) })
    expect(machineOf(facts)).toMatchObject({ marker: MARKER, name: 'web/1', power: 'off' })
  })

  it('is nobody’s when its marker names another id: a copy', () => {
    const facts = read({ 'vmunit.marker': writeMarker(MARKER, OTHER) })
    expect(machineOf(facts).marker).toBe('none')
    expect(facts.config?.copiedMarker).toEqual({ ...MARKER, instanceUuid: OTHER })
  })

  it.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['another version', JSON.stringify({ v: 2, ...MARKER, instanceUuid: UUID })],
    ['a part too few', JSON.stringify({ v: 1, manager: 'm', unit: 'u', slot: 's', instanceUuid: UUID })],
    ['a number', '7'],
    ['null', 'null'],
    ['a part of another type', JSON.stringify({ v: 1, ...MARKER, unit: 1, instanceUuid: UUID })],
  ])('is nobody’s when its marker is %s', (_, text) => {
    expect(machineOf(read({ 'vmunit.marker': text })).marker).toBe('none')
  })

  it('is unreadable when its configuration is hidden', () => {
    const hidden = readMachine(
      propertyObject(
        { type: 'VirtualMachine', id: 'vm-1' },
        new Map([['runtime.connectionState', value('connected')]]),
      ),
    )
    expect(machineOf(hidden).marker).toBe('unreadable')
  })

  it('has an unknown power state while its host does not answer', () => {
    const lost = read(
      {},
      { 'runtime.connectionState': value('disconnected'), 'runtime.powerState': value('poweredOn') },
    )
    expect(machineOf(lost).power).toBe('unknown')
  })

  it('is an image only where the mark was written for it', () => {
    const mark = { template: 'web', version: 3, operationId: 'run/publish#1' }
    expect(read({ 'vmunit.image': writeImageMark(mark, UUID) }).config?.image).toEqual(mark)
    expect(read({ 'vmunit.image': writeImageMark(mark, OTHER) }).config?.image).toBeUndefined()
  })

  it('tells what its guest reports, without addresses of the link and of name servers', () => {
    const net = `<GuestNicInfo><ipAddress>10.0.0.1</ipAddress><ipAddress>fe80::1</ipAddress><dnsConfig><ipAddress>8.8.8.8</ipAddress></dnsConfig>
      <ipConfig><ipAddress><ipAddress>10.0.0.1</ipAddress><prefixLength>24</prefixLength></ipAddress></ipConfig></GuestNicInfo>
      <GuestNicInfo><ipAddress>10.0.1.1</ipAddress></GuestNicInfo>`
    const on = {
      'runtime.powerState': value('poweredOn'),
      'guest.net': value(net),
      'guest.ipAddress': value('10.0.0.1'),
    }
    expect(machineOf(read({}, on)).addresses).toEqual(['10.0.0.1', '10.0.1.1'])
  })

  it('tells the addresses it was given while it is off', () => {
    const networks = JSON.stringify([{ name: 'management', address: '10.0.0.7' }, { name: 'service' }, 7])
    expect(machineOf(read({ 'vmunit.networks': networks })).addresses).toEqual(['10.0.0.7'])
  })

  it('tells its own host keys and those of its image apart', () => {
    const keys = {
      'guestinfo.vmunit.hostkeys': 'ssh-ed25519 AAAA\nssh-rsa BBBB\n',
      'vmunit.image.hostkeys': 'ssh-ed25519 CCCC',
    }
    expect(machineOf(read(keys))).toMatchObject({
      hostKeys: ['ssh-ed25519 AAAA', 'ssh-rsa BBBB'],
      imageHostKeys: ['ssh-ed25519 CCCC'],
    })
  })

  it('has kept host keys only where they were written for it: a copy has none', () => {
    const kept = (instanceUuid: string) => ({ 'vmunit.hostkeys': writeHostKeys(['ssh-ed25519 AAAA'], instanceUuid) })
    expect(read(kept(UUID)).config?.keptHostKeys).toEqual(['ssh-ed25519 AAAA'])
    expect(read(kept(OTHER)).config?.keptHostKeys).toEqual([])
    expect(read({ 'vmunit.hostkeys': 'no data of ours' }).config?.keptHostKeys).toEqual([])
  })
})

describe('the id that a new machine is to get', () => {
  it('is the same for the same operation, another for another, and a UUID', () => {
    expect(instanceUuidOf('a')).toBe(instanceUuidOf('a'))
    expect(instanceUuidOf('a')).not.toBe(instanceUuidOf('b'))
    expect(instanceUuidOf('a')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })
})
