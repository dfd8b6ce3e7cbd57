import { describe, expect, it } from 'vitest'
import { optionsIn, readClone } from '../../../src/proxy/clone-request.ts'
import { requestXml } from '../../../src/proxy/request-xml.ts'
import { readRequest } from '../../../src/proxy/soap.ts'

/** As a client writes it that puts a prefix on everything. */
const prefixed = `<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:tns="urn:vim25">
<soap:Header><tns:operationID>run-1/a#1</tns:operationID></soap:Header>
<soap:Body><tns:CloneVM_Task xmlns="urn:vim25"><tns:_this type="VirtualMachine">vm-1</tns:_this><tns:folder type="Folder">group-2</tns:folder><tns:name>a &lt;b&gt;</tns:name><tns:spec>
<tns:location><tns:pool type="ResourcePool">pool-1</tns:pool><tns:host type="HostSystem">host-7</tns:host></tns:location><tns:template>false</tns:template>
<tns:config><tns:instanceUuid>u-1</tns:instanceUuid><tns:extraConfig i:type="tns:OptionValue"><tns:key>k</tns:key><tns:value i:type="x:string">{"a":1}</tns:value></tns:extraConfig></tns:config>
<tns:customization><tns:identity i:type="tns:CustomizationLinuxPrep"><tns:hostName i:type="tns:CustomizationFixedName"><tns:name>web</tns:name></tns:hostName></tns:identity><tns:nicSettingMap><tns:adapter><tns:ip i:type='tns:CustomizationFixedIp'><tns:ipAddress>127.0.0.9</tns:ipAddress></tns:ip></tns:adapter></tns:nicSettingMap><tns:nicSettingMap><tns:adapter><tns:ip i:type="tns:CustomizationDhcpIpGenerator"/></tns:adapter></tns:nicSettingMap></tns:customization>
<tns:powerOn>true</tns:powerOn></tns:spec></tns:CloneVM_Task></soap:Body></soap:Envelope>`

describe('a call of a client', () => {
  const request = readRequest(prefixed)!

  it('is read with any prefixes', () => {
    expect(request).toMatchObject({
      method: 'CloneVM_Task',
      target: { type: 'VirtualMachine', value: 'vm-1' },
      operationId: 'run-1/a#1',
    })
    expect(readRequest('no xml')).toBeUndefined()
    expect(readRequest('<html><body>hello</body></html>')).toBeUndefined()
  })

  it('says what to clone, and what becomes of the guest', () => {
    const clone = readClone(request, ['management', 'service'])!
    expect(clone).toMatchObject({
      source: { type: 'VirtualMachine', value: 'vm-1' },
      folder: { type: 'Folder', value: 'group-2' },
      name: 'a <b>',
      powerOn: true,
      host: 'host-7',
      extraConfig: { k: '{"a":1}' },
      guest: {
        hostname: 'web',
        adapters: [
          { network: 'management', address: '127.0.0.9' },
          { network: 'service', address: undefined },
        ],
      },
    })
    const content = clone.content('<extraConfig/>')
    expect(content).toContain('<name>a &lt;b&gt;</name>')
    expect(content).toContain('<config><instanceUuid>u-1</instanceUuid><extraConfig/></config>')
    expect(content).not.toMatch(/tns:|customization|<powerOn>true/)
  })

  it('gets the prefixes of our envelope', () => {
    expect(
      requestXml(
        '<v:a xmlns:v="urn:vim25" i:type="v:OptionValue"><v:value i:type=\'x:string\'>&lt;v:no&gt;</v:value><v:e/></v:a>',
      ),
    ).toBe('<a xsi:type="OptionValue"><value xsi:type="xsd:string">&lt;v:no&gt;</value><e/></a>')
    expect(requestXml('<obj type="Folder">g</obj>')).toBe('<obj type="Folder">g</obj>')
    expect(optionsIn(prefixed, undefined)).toEqual({})
  })
})
