import * as z from 'zod'
import { mustBe } from '../must-be.ts'

export const NAMESPACE = 'http://www.cosminexus.com/mngsvr/schema/VirtualServerInfo-1.0'

export const ROOT = 'virtualserver-info'

export const GROUP = 'group'

export const SERVER = 'virtualserver'

const text = z.string(mustBe('a text that is not empty')).min(1, mustBe('a text that is not empty'))

export const ipv4 = z.ipv4(mustBe('an IPv4 address such as 192.168.1.110, without leading zeros'))

const port = z
  .string()
  .refine((digits) => /^[1-9][0-9]{0,4}$/.test(digits) && Number(digits) <= 65_535, mustBe('a number from 1 to 65535'))

/** The attributes of each element, as the document has them. */
export const rootAttributes = z.strictObject({ '@xmlns': z.literal(NAMESPACE, mustBe(`"${NAMESPACE}"`)) })

export const groupAttributes = z.strictObject({ '@name': text })

export const serverAttributes = z.strictObject({
  '@tier': text,
  '@ip': ipv4,
  '@port': port.optional(),
  '@serviceip': ipv4.optional(),
})
