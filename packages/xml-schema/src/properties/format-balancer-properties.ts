import { formatProperties } from './format-properties.ts'
import { type BalancerProperties, PASSWORD_KEY, parseBalancerProperties } from './parse-balancer-properties.ts'

/**
 * Writes the connection of a load balancer as `tierlb.properties` or `<LB id>.properties`, which reads back as the same.
 * Whoever stores the text keeps it from others: it holds the password.
 *
 * @throws {@link VmunitError} `ERR_INVALID_FILE` or `ERR_INVALID_INPUT` when no valid file can hold it; the password
 * stands in no error.
 */
export function formatBalancerProperties(balancer: BalancerProperties): string {
  const values: readonly (readonly [string, string | number | undefined])[] = [
    ['lb.type', balancer.type],
    ['lb.host', balancer.host],
    ['lb.protocol', balancer.protocol],
    ['lb.port', balancer.port],
    ['lb.user', balancer.user],
    [PASSWORD_KEY, balancer.password === '' ? undefined : balancer.password],
    ['lb.persistence.cookie-insert.templatename', balancer.cookieTemplate],
  ]
  const entries = values.flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: String(value) }]))
  const text = formatProperties(entries)
  parseBalancerProperties(text, 'tierlb.properties')
  return text
}
