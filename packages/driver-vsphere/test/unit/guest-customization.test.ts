import { expect, it } from 'vitest'
import { customizationElement } from '../../src/placement/guest-customization.ts'

function adapter(address: string | undefined): string {
  const networks = [{ name: 'management', address }]
  const settings = { networks: { management: { gateway: '10.0.0.1' } } }
  const element = customizationElement('spec', { hostname: 'web-1', networks, settings })
  return /<adapter>(.*)<\/adapter>/.exec(element)?.[1] ?? ''
}

it('gives an adapter its address, mask and gateway, or leaves it to DHCP', () => {
  expect(adapter('10.0.0.7')).toBe(
    '<ip xsi:type="CustomizationFixedIp"><ipAddress>10.0.0.7</ipAddress></ip><subnetMask>255.255.255.0</subnetMask><gateway>10.0.0.1</gateway>',
  )
  expect(adapter(undefined)).toBe('<ip xsi:type="CustomizationDhcpIpGenerator"/>')
})

it.each(['fd00::7', '::ffff:10.0.0.7', '10.0.0.7/24', 'web-1.example.com'])(
  'refuses %s, which vCenter would take for an IPv4 address',
  (address) => {
    expect(() => adapter(address)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_INPUT', details: { network: 'management', address } }),
    )
  },
)
